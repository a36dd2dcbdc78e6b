import { about, type Finding } from "../finding"
import type { Inquiry } from "../inquiry"

const { ok, warning, skipped } = about("list")

/** Whether many charges can be asked about in one question. */
export function checkList({ list, single }: Inquiry): Finding {
  if (!list?.call.sent) {
    return skipped("not asked")
  }
  if (list.reason === null) {
    return ok("open: up to 50 charges in one question")
  }
  if (single?.reason !== null) {
    return skipped("the bank told nothing about it")
  }
  return warning(
    list.reason === "forbidden"
      ? "closed to this token (HTTP 403): charges are asked about one by one, and the quota is spent sooner"
      : `gives no answer that can be read (${list.message}): charges are asked about one by one`,
    "nothing has to be done; the National Bank can open check_transaction_by_md5_list to a token"
  )
}
