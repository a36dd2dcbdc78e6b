import { phnomPenhTime } from "../../modules/khqr/moment"
import { explain, type Explanation } from "../explain"
import { about, type Finding } from "../finding"
import type { Reply } from "../inquiry"
import type { Server } from "../server"

const bank = about("bank")
const place = about("place")

/**
 * Whether the server answers, and lets callers from here in.
 *
 * @param reply the answer that tells most
 * @param ofListOnly it may speak of the list endpoint alone
 */
export function checkBank(
  reply: Reply,
  server: Server,
  now: Date,
  ofListOnly = false
): Finding[] {
  const { call, reason, message } = reply
  const { host, name } = server
  if (!call.sent) {
    return explainUnasked(reply, server, now)
  }
  const explained = (): Explanation =>
    explain({ reason: reason!, message, httpStatus: call.httpStatus }, server)
  const failure = () => {
    const { says, mend } = explained()
    return bank.failure(says, mend)
  }
  switch (reason) {
    case "unavailable":
      return [failure(), place.skipped("there was no answer")]
    case "unreadable":
    case "unrecognized":
      return [failure(), place.skipped(`the answer is not ${name}'s`)]
    case "rate_limited":
      return [
        bank.warning(
          `${host} asks for a pause (HTTP 429)${untilOf(reply, now)}`,
          WAITS
        ),
        place.ok("let in from here"),
      ]
    case "forbidden": {
      const { says, mend } = explained()
      return name === "Bakong"
        ? [
            bank.ok(`${host} can be reached`),
            ofListOnly
              ? place.warning(...REFUSED_LIST)
              : place.failure(says, mend),
          ]
        : [failure(), place.skipped("the gateway's to know")]
    }
    default:
      return name === "the gateway" && reason === "unauthorized"
        ? [failure(), place.ok("let in from here")]
        : [
            bank.ok(`${host} answers in ${call.durationMs} ms`),
            place.ok("let in from here"),
          ]
  }
}

/** Nobody was asked just now. @param pausedUntil as the ledger remembers it */
export function skipBank(
  because: string,
  server: Server,
  pausedUntil: Date | null,
  now: Date
): Finding[] {
  return [
    pausedUntil !== null && pausedUntil > now
      ? pause(server, pausedUntil, now)
      : bank.skipped(because),
    place.skipped(because),
  ]
}

function explainUnasked(
  { reason, message, retryAfterMs }: Reply,
  server: Server,
  now: Date
): Finding[] {
  if (reason === "rate_limited") {
    const until = new Date(now.getTime() + (retryAfterMs ?? 0))
    return [pause(server, until, now), place.skipped("not asked")]
  }
  return [
    bank.skipped(
      reason === "quota_spent"
        ? "not asked: the day's calls are used up"
        : `not asked: ${message}`
    ),
    place.skipped("not asked"),
  ]
}

const pause = ({ host }: Server, until: Date, now: Date): Finding =>
  bank.warning(
    `${host} has asked for a pause until ${phnomPenhTime(until, now)}: nothing is asked before then`,
    WAITS
  )

const WAITS = "nothing has to be done: questions wait until then by themselves"

const REFUSED_LIST = [
  "the list was refused (HTTP 403): it is closed to this token, or the whole bank to callers from here",
  "run the doctor again: it then asks about one charge by itself, which tells",
] as const

const untilOf = ({ retryAfterMs }: Reply, now: Date): string =>
  retryAfterMs === undefined
    ? ""
    : ` until ${phnomPenhTime(new Date(now.getTime() + retryAfterMs), now)}`
