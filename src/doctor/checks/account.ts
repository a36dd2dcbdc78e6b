import { about, type Finding } from "../finding"
import type { AccountReply } from "../inquiry"

const { ok, warning, failure, skipped } = about("account")

const MALFORMED = 12

const mendOf = (option: string) =>
  `mend ${option}: the bank's app shows it, in the form name@bank`

/** Whether there is somebody to be paid. */
export function checkAccount(
  { accountId, option }: { accountId: string; option: string },
  reply: AccountReply
): Finding {
  if ("exists" in reply) {
    return reply.exists
      ? ok(`${accountId} exists`)
      : failure(
          `Bakong knows no account ${accountId}: nobody can pay`,
          mendOf(option)
        )
  }
  const { kind, code, message, call } = reply.error
  if (!call.sent) {
    return skipped(`not asked: ${message}`)
  }
  if (kind === "rejected" && code === MALFORMED) {
    return failure(
      `${accountId} is no account id that Bakong takes`,
      mendOf(option)
    )
  }
  return warning(
    `whether ${accountId} exists was not told: ${message}`,
    "run the doctor again later; a payment of 100 riel tells it too"
  )
}
