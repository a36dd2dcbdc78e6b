import { parseOptions, type KhqrOptions } from "../../modules/khqr/options"
import { receivingAccounts } from "../../modules/khqr/receivers"
import { about, type Finding } from "../finding"
import type { Shop } from "../shop"

const { ok, failure } = about("options")

/** Whether the plugin is registered and its options are right; each fault by itself. */
export function checkOptions({ plugin }: Shop): {
  findings: Finding[]
  options: KhqrOptions | null
} {
  if (!plugin) {
    return {
      findings: [
        failure(
          "medusa-config does not register the plugin",
          'add { resolve: "medusa-payment-khqr", options: { merchant, bakong } } to `plugins`'
        ),
      ],
      options: null,
    }
  }
  try {
    const options = parseOptions(plugin.options)
    return { findings: [ok(describe(options))], options }
  } catch (error) {
    return {
      findings: listFaults(error as Error).map((fault) =>
        failure(fault, "mend it in the plugin's options in medusa-config")
      ),
      options: null,
    }
  }
}

/** `parseOptions` puts each fault into a line of its own. */
function listFaults({ message }: Error): string[] {
  const faults = message
    .split("\n")
    .filter((line) => line.startsWith("  - "))
    .map((line) => line.slice(4))
  return faults.length > 0 ? faults : [message]
}

function describe(options: KhqrOptions): string {
  const { merchant, gateway } = options
  const accounts = receivingAccounts(options).map(({ accountId }) => accountId)
  const [usd, khr] = accounts
  const receiver = khr
    ? `${usd} (USD) and ${khr} (KHR)`
    : (usd ?? "the gateway's account")
  const by =
    gateway === undefined
      ? ""
      : `, by ${typeof gateway === "function" ? "a gateway of the shop's own" : "a hosted gateway"}`
  return `${merchant.name} is paid at ${receiver}${by}`
}
