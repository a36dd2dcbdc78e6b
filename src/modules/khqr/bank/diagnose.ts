import type { CheckAnswer, Outcome } from "../../../bakong"
import type { Gateway } from "../../../gateways"
import { toQuestion } from "../question"
import { describeOutcome, hasMoney } from "../state"
import type { Charge } from "../types"

/** `gateway_ref`: by what a gateway that makes the KHQR knows it by. */
export type AskedBy = "md5" | "gateway_ref" | "hash" | "short_hash"

/** The bank's answer to one question about a charge. */
export type DiagnosedAnswer = {
  asked_by: AskedBy
  value: string
  /** `paid`, `not_found`, `failed` or `unknown:<reason>`. */
  outcome: string
  /** False when the gate refused the question. */
  sent: boolean
  http_status: number | null
  response_code: number | null
  error_code: number | null
  message: string
  duration_ms: number
  /** What the bank shows of the transfer, if any. */
  transaction: {
    hash: string
    amount: string
    currency: string
    from: string | null
    to: string | null
    paid_at: string | null
    tracking_status: string | null
  } | null
}

/** What the ledger believes of a charge beside what the bank says of it now. Changes nothing. */
export type Diagnosis = {
  ledger: {
    id: string
    reference: string
    md5: string
    status: Charge["status"]
    review_reason: Charge["review_reason"]
    khqr_amount: string
    currency: string
    account_id: string
    bank_hash: string | null
    paid_amount: string | null
    payer_account: string | null
    paid_at: string | null
    last_outcome: string | null
    last_checked_at: string | null
    next_check_at: string | null
    expires_at: string
    order_id: string | null
  }
  answers: DiagnosedAnswer[]
  /** Whether each answer that counts says what the ledger says. */
  agrees: boolean
  /** Plain sentences: what differs and what to do. */
  notes: string[]
  /** How many questions it cost. */
  questions: number
}

/**
 * Asks the bank about a charge in every way there is: by md5 and, where known, by
 * the full and the short hash of the transfer.
 *
 * @param receiptHash 8 or 64 hex characters from the payer's receipt
 * @throws TypeError for any other `receiptHash`
 */
export async function diagnoseCharge(
  gateway: Gateway,
  charge: Charge,
  receiptHash?: string
): Promise<Diagnosis> {
  const hash = readHash(receiptHash)
  const answers: DiagnosedAnswer[] = []
  const [answer] = await gateway.check(
    [toQuestion(charge, new Date())],
    "manual"
  )
  if (answer) {
    answers.push(
      charge.gateway_ref === null
        ? present("md5", charge.md5, answer)
        : present("gateway_ref", charge.gateway_ref, answer)
    )
  }
  if (gateway.can.findsByHash && gateway.findByHash) {
    const full = hash?.length === 64 ? hash : charge.bank_hash
    const short = hash?.length === 8 ? hash : full?.slice(0, 8)
    if (full) {
      answers.push(present("hash", full, await gateway.findByHash({ full })))
    }
    if (short) {
      const answer = await gateway.findByHash({
        short,
        amount: charge.paid_amount ?? charge.khqr_amount,
        currency: charge.currency_code === "khr" ? "KHR" : "USD",
      })
      answers.push(present("short_hash", short, answer))
    }
  }
  const notes = compare(charge, answers)
  return {
    ledger: ledgerOf(charge),
    answers,
    agrees: notes.length === 0,
    notes,
    questions: answers.filter(({ sent }) => sent).length,
  }
}

function compare(charge: Charge, answers: DiagnosedAnswer[]): string[] {
  const notes: string[] = []
  for (const { asked_by, outcome, message, sent, transaction } of answers) {
    const by = asked_by.replaceAll("_", " ")
    if (outcome.startsWith("unknown")) {
      notes.push(
        sent
          ? `By ${by} Bakong gave no answer that counts: ${message}`
          : `By ${by} nothing was asked: ${message}`
      )
    } else if (outcome === "paid" && !hasMoney(charge)) {
      notes.push(
        `By ${by} Bakong shows a transfer, the charge is ${charge.status}: check it now, and it is recorded`
      )
    } else if (outcome !== "paid" && hasMoney(charge)) {
      notes.push(
        `By ${by} Bakong says ${outcome}, the charge is ${charge.status}: keep the answer that was recorded as proof and ask the bank`
      )
    } else if (
      transaction &&
      charge.bank_hash &&
      transaction.hash !== charge.bank_hash
    ) {
      notes.push(
        `By ${by} Bakong shows another transfer (${transaction.hash.slice(0, 8)}) than the one on record (${charge.bank_hash.slice(0, 8)}): the KHQR may have been paid twice`
      )
    }
  }
  return notes
}

function present(
  asked_by: AskedBy,
  value: string,
  { outcome, call }: CheckAnswer
): DiagnosedAnswer {
  const transaction = transactionOf(outcome)
  return {
    asked_by,
    value,
    outcome: describeOutcome(outcome),
    sent: call.sent,
    http_status: call.httpStatus,
    response_code: call.responseCode,
    error_code: call.errorCode,
    message: outcome.type === "unknown" ? outcome.message : call.message,
    duration_ms: call.durationMs,
    transaction: transaction && {
      hash: transaction.hash,
      amount: transaction.amount,
      currency: transaction.currency,
      from: transaction.fromAccountId,
      to: transaction.toAccountId,
      paid_at: moment(transaction.createdAt ?? transaction.acknowledgedAt),
      tracking_status: transaction.trackingStatus,
    },
  }
}

function transactionOf(outcome: Outcome) {
  return outcome.type === "paid" || outcome.type === "failed"
    ? outcome.transaction
    : null
}

function ledgerOf(charge: Charge): Diagnosis["ledger"] {
  return {
    id: charge.id,
    reference: charge.reference,
    md5: charge.md5,
    status: charge.status,
    review_reason: charge.review_reason,
    khqr_amount: charge.khqr_amount,
    currency: charge.currency_code.toUpperCase(),
    account_id: charge.account_id,
    bank_hash: charge.bank_hash,
    paid_amount: charge.paid_amount,
    payer_account: charge.payer_account,
    paid_at: moment(charge.paid_at),
    last_outcome: charge.last_outcome,
    last_checked_at: moment(charge.last_checked_at),
    next_check_at: moment(charge.next_check_at),
    expires_at: charge.expires_at.toISOString(),
    order_id: charge.order_id,
  }
}

function moment(at: Date | number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function readHash(text: string | undefined): string | null {
  const hash = text?.trim().toLowerCase()
  if (!hash) {
    return null
  }
  if (!/^([0-9a-f]{8}|[0-9a-f]{64})$/.test(hash)) {
    throw new TypeError(
      "hash must be the 8 or the 64 hex characters that a receipt shows"
    )
  }
  return hash
}
