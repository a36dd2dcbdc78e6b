import type { CheckAnswer, Outcome } from "../../../bakong"
import type { Gateway } from "../../../gateways"
import { sameAmount } from "../../../khqr"
import { toQuestion } from "../question"
import { STATIC_IS_NOT_ASKED } from "../refusals"
import { describeReview } from "../review"
import { describeOutcome, hasMoney } from "../state"
import type { Charge } from "../types"

const HASH = /^[0-9a-f]{64}$/

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
    paid_currency: string | null
    paid_to: string | null
    payer_account: string | null
    paid_at: string | null
    last_outcome: string | null
    last_checked_at: string | null
    next_check_at: string | null
    expires_at: string
    order_id: string | null
  }
  answers: DiagnosedAnswer[]
  /** Whether bank and ledger say the same of the payment; `null` when the bank could not be asked. */
  agrees: boolean | null
  /** Plain sentences: what differs and what to do. */
  notes: string[]
  /** How many questions it cost. */
  questions: number
}

/**
 * Asks the bank about a charge in every way there is: by md5, unless it is static, and,
 * where known, by the full and the short hash of the transfer.
 *
 * @param receiptHash 8 or 64 hex characters from the payer's receipt
 * @throws TypeError for any other `receiptHash`
 */
export async function diagnoseCharge(
  gateway: Gateway,
  charge: Charge,
  receiptHash?: string
): Promise<Diagnosis> {
  const receipt = readHash(receiptHash)
  const own = charge.mode === "static" ? [] : await askByKhqr(gateway, charge)
  const byHash = await askByHash(gateway, charge, receipt)
  const answers = [...own, ...byHash]
  return {
    ledger: ledgerOf(charge),
    answers,
    agrees: compare(charge, answers),
    notes: [
      ...(charge.mode === "static" ? [STATIC_IS_NOT_ASKED] : []),
      ...noteOnSilence(answers),
      ...own.flatMap((answer) => noteOnKhqr(charge, answer)),
      ...byHash.flatMap((answer) => noteOnTransfer(charge, own[0], answer)),
      // Both may agree that something came which makes no order.
      ...(charge.review_reason ? [describeReview(charge)] : []),
    ],
    questions: answers.filter(({ sent }) => sent).length,
  }
}

async function askByKhqr(
  gateway: Gateway,
  charge: Charge
): Promise<DiagnosedAnswer[]> {
  const results = await gateway.check(
    [toQuestion(charge, new Date())],
    "manual"
  )
  return results.map((answer) =>
    charge.gateway_ref === null
      ? present("md5", charge.md5, answer)
      : present("gateway_ref", charge.gateway_ref, answer)
  )
}

async function askByHash(
  gateway: Gateway,
  charge: Charge,
  receipt: string | null
): Promise<DiagnosedAnswer[]> {
  if (!gateway.can.findsByHash || !gateway.findByHash) {
    return []
  }
  const answers: DiagnosedAnswer[] = []
  // A hosted gateway's id of a transfer is no hash.
  const known = HASH.test(charge.bank_hash ?? "") ? charge.bank_hash : null
  const full = receipt?.length === 64 ? receipt : known
  const short = receipt?.length === 8 ? receipt : full?.slice(0, 8)
  if (full) {
    answers.push(present("hash", full, await gateway.findByHash({ full })))
  }
  if (short) {
    const answer = await gateway.findByHash({
      short,
      amount: charge.paid_amount ?? charge.khqr_amount,
      currency:
        (charge.paid_currency ?? charge.currency_code).toUpperCase() === "KHR"
          ? "KHR"
          : "USD",
    })
    answers.push(present("short_hash", short, answer))
  }
  return answers
}

/** The KHQR's own answer decides; a transfer found by its hash alone has no tie to this KHQR. */
function compare(charge: Charge, answers: DiagnosedAnswer[]): boolean | null {
  const [own] = answers.filter(isByKhqr)
  if (!own || !counts(own)) {
    return null
  }
  const isPaid = own.outcome === "paid"
  const sameTransfer =
    !charge.bank_hash ||
    !own.transaction ||
    own.transaction.hash === charge.bank_hash
  return isPaid === hasMoney(charge) && sameTransfer
}

function noteOnSilence(answers: DiagnosedAnswer[]): string[] {
  const silent = answers.filter((answer) => !counts(answer))
  if (silent.length === 0) {
    return []
  }
  const why = [...new Set(silent.map(({ message }) => message))].join("; ")
  return silent.length === answers.length
    ? [
        `The bank could not be asked, so this says nothing about the payment: ${why}`,
      ]
    : silent.map(
        ({ asked_by, message }) =>
          `By ${spoken(asked_by)} the bank gave no answer that counts: ${message}`
      )
}

function noteOnKhqr(charge: Charge, answer: DiagnosedAnswer): string[] {
  const { transaction, outcome } = answer
  if (!counts(answer)) {
    return []
  }
  if (outcome === "paid" && !hasMoney(charge)) {
    return [
      `The bank shows a transfer for this KHQR, and the charge is ${charge.status}: check it now, and it is recorded`,
    ]
  }
  if (outcome !== "paid" && hasMoney(charge)) {
    return [
      `The bank says "${outcome.replace("_", " ")}", and the charge is ${charge.status}: keep the answer that was recorded as proof, and ask the bank`,
    ]
  }
  const isOther =
    transaction && charge.bank_hash && transaction.hash !== charge.bank_hash
  return isOther
    ? [
        `The bank shows another transfer (${shortened(transaction.hash)}) than the one on record (${shortened(charge.bank_hash!)}): the KHQR may have been paid twice`,
      ]
    : []
}

function noteOnTransfer(
  charge: Charge,
  own: DiagnosedAnswer | undefined,
  { asked_by, value, outcome, transaction }: DiagnosedAnswer
): string[] {
  const name = `The transfer ${shortened(value)}`
  if (outcome === "not_found") {
    const over =
      asked_by === "short_hash"
        ? ` over ${charge.paid_amount ?? charge.khqr_amount} ${charge.paid_currency ?? charge.currency_code.toUpperCase()}`
        : ""
    return [
      `The bank has no transfer ${shortened(value)}${over}: mistyped, or of another payment`,
    ]
  }
  if (!transaction || transaction.hash === charge.bank_hash) {
    return []
  }
  if (transaction.to && !isSame(transaction.to, charge.account_id)) {
    return [
      `${name} went to ${transaction.to}, not to ${charge.account_id}: it does not pay this charge`,
    ]
  }
  if (
    !isSame(transaction.currency, charge.currency_code) ||
    !sameAmount(transaction.amount, charge.khqr_amount)
  ) {
    return [
      `${name} is over ${transaction.amount} ${transaction.currency}, and ${charge.khqr_amount} ${charge.currency_code.toUpperCase()} was asked: it does not pay this charge`,
    ]
  }
  return own && counts(own) && own.transaction?.hash !== transaction.hash
    ? [
        `${name} has the right receiver and amount, and the bank does not tie it to this KHQR (${own.outcome.replace("_", " ")}): it may belong to another purchase`,
      ]
    : []
}

function isByKhqr({ asked_by }: DiagnosedAnswer): boolean {
  return asked_by === "md5" || asked_by === "gateway_ref"
}

function counts({ outcome }: DiagnosedAnswer): boolean {
  return !outcome.startsWith("unknown")
}

function spoken(askedBy: AskedBy): string {
  return askedBy.replaceAll("_", " ")
}

/** As a receipt shows it; a gateway's own id stays whole. */
function shortened(hash: string): string {
  return HASH.test(hash) ? hash.slice(0, 8) : hash
}

function isSame(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase()
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
    paid_currency: charge.paid_currency,
    paid_to: charge.paid_to,
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
