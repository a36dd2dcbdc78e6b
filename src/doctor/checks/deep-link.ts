import type { KhqrOptions } from "../../modules/khqr/options"
import { about, type Finding } from "../finding"

const { ok, warning } = about("deep link")

/** Google closed Firebase's links in August 2025. */
const DEAD = /(^|\.)page\.link$/

/** Below these, anybody may have a name. */
const OPEN_TO_ALL =
  /^(com|net|org|edu|gov|per|mil)\.kh$|^(github\.io|vercel\.app|netlify\.app|web\.app|firebaseapp\.com|herokuapp\.com)$/

/** Whether links into the payer's app may lead where they do. Asks nobody. */
export function checkDeepLink({ deeplink }: KhqrOptions): Finding {
  const { hosts, callbackUrl } = deeplink
  const dead = hosts.filter((host) => DEAD.test(host))
  if (dead.length > 0) {
    return warning(
      `${dead.join(", ")} is dead since August 2025: its links open nothing`,
      "take it out of deeplink.hosts"
    )
  }
  const open = hosts.filter((host) => OPEN_TO_ALL.test(host))
  if (open.length > 0) {
    return warning(
      `anybody may have a host below ${open.join(", ")}`,
      "name the bank's own hosts in deeplink.hosts"
    )
  }
  if (hosts.length === 0) {
    return warning(
      "deeplink.hosts is empty: no link into a bank's app is ever shown",
      'name the bank\'s hosts, or leave it out for ["nbc.gov.kh"]'
    )
  }
  const where = `links may lead to ${hosts.join(", ")}`
  return ok(
    callbackUrl
      ? `${where}; the payer comes back to ${new URL(callbackUrl).host}`
      : `${where}; nothing leads the payer back (no deeplink.callbackUrl)`
  )
}
