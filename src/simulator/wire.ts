import type { Finding } from "./bank"
import { type Answer, MESSAGES, refuse, succeed } from "./envelope"
import type { Quirks, SimulatedTransaction } from "./types"

type Item = Record<string, unknown>

/** The answer to a question about one transfer. */
export const tell = (finding: Finding, quirks: Quirks): Answer => {
  switch (finding.type) {
    case "found":
      return succeed(
        "Getting transaction successfully.",
        writeTransaction(finding.transaction, quirks)
      )
    case "not_found":
      return refuse(1)
    case "static_qr":
      return refuse(2)
    case "failed":
      return refuse(3)
  }
}

/** The answer to a list of questions, each with the value it was asked by. */
export const tellList = (
  key: "md5" | "hash",
  findings: [value: string, finding: Finding][],
  quirks: Quirks
): Answer => {
  const items = findings.map(([value, finding], index) => {
    const said =
      index === 0 && quirks.listFirstItem !== "right"
        ? tellBadly(quirks.listFirstItem)
        : tellItem(finding, quirks)
    return { [key]: value, ...said }
  })
  return succeed(
    "Getting transactions successfully.",
    arrange(items, strange(key), quirks)
  )
}

const tellItem = (finding: Finding, quirks: Quirks): Item => {
  switch (finding.type) {
    case "found": {
      const told = writeTransaction(finding.transaction, quirks)
      const item = {
        status: "SUCCESS",
        message: "Getting transaction successfully.",
      }
      return quirks.listItems === "inline"
        ? { ...told, ...item }
        : { ...item, [quirks.listItems]: told }
    }
    case "not_found":
      return { status: "NOT_FOUND", message: MESSAGES[1], data: null }
    case "static_qr":
      return { status: "STATIC_QR", message: MESSAGES[2], data: null }
    case "failed":
      return { status: "FAILED", message: MESSAGES[3], data: null }
  }
}

const tellBadly = (how: "unreadable" | "service_failed"): Item =>
  how === "unreadable"
    ? { status: "SUCCESS", data: { hash: null, amount: "?" } }
    : { status: "SERVICE_FAILED", message: "Service failed.", data: null }

const strange = (key: "md5" | "hash"): Item => ({
  [key]: "f".repeat(key === "md5" ? 32 : 64),
  status: "NOT_FOUND",
  message: MESSAGES[1],
  data: null,
})

const arrange = (asked: Item[], unasked: Item, quirks: Quirks): Item[] => {
  const ordered = quirks.listOrder === "reversed" ? [...asked].reverse() : asked
  const items = {
    full: ordered,
    short: ordered.slice(1),
    long: [unasked, ...ordered],
  }[quirks.listLength]
  return quirks.listDuplicated ? items.flatMap((item) => [item, item]) : items
}

/** What the bank shows of a transfer: no md5, no QR. */
const writeTransaction = (
  transaction: SimulatedTransaction,
  quirks: Quirks
): Item => ({
  hash: transaction.hash,
  fromAccountId: transaction.fromAccountId,
  toAccountId: transaction.toAccountId,
  currency: transaction.currency,
  amount: quirks.amountAsString ? writeAmount(transaction) : transaction.amount,
  description: transaction.description,
  createdDateMs: writeDate(transaction.createdDateMs, quirks),
  acknowledgedDateMs: writeDate(transaction.acknowledgedDateMs, quirks),
  trackingStatus: transaction.trackingStatus,
  receiverBank: transaction.receiverBank,
  receiverBankAccount: transaction.receiverBankAccount,
  instructionRef: transaction.instructionRef,
  externalRef: transaction.externalRef,
})

/** USD with cents, as a receipt has it. */
export const writeAmount = ({
  amount,
  currency,
}: Pick<SimulatedTransaction, "amount" | "currency">): string =>
  typeof amount === "number" && currency === "USD"
    ? amount.toFixed(2)
    : String(amount)

const writeDate = (ms: number, { floatDates }: Quirks): number =>
  floatDates ? ms + 0.5 : ms
