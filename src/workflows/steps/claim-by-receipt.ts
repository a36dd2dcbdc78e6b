import { setTimeout as pause } from "node:timers/promises"

import type { MedusaContainer } from "@medusajs/framework/types"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { BakongTransaction, CheckAnswer } from "../../bakong"
import { toExactKhqrAmount } from "../../khqr"
import { KHQR_MODULE } from "../../modules/khqr"
import type { ReceiptBearer } from "../../modules/khqr/desk"
import { toQuestion } from "../../modules/khqr/question"
import {
  chargeForTransfer,
  explainRefusal,
  lookUps,
  MOST_RIVALS,
  payableByReceipt,
  TOO_MUCH_ASKED,
  type ReceiptRefusal,
} from "../../modules/khqr/receipt"
import type KhqrModuleService from "../../modules/khqr/service"
import { bindsSession, hasMoney } from "../../modules/khqr/state"
import type {
  Actor,
  Charge,
  ChargeAnnouncement,
} from "../../modules/khqr/types"

export type ReceiptInput = {
  bearer: ReceiptBearer
  /** Those that the receipt may be for: one, or all of a session. */
  charge_ids: string[]
  /** 8 or 64 hex characters. */
  hash: string
  /** Charges for which somebody vouched: staff say that this transfer is none of theirs. */
  despite?: string[]
  /** Staff say that the transfer is for this charge although it is over other money: it goes to review. */
  any_amount?: boolean
  actor: Actor
}

/** `refusal: null`: a charge is paid, by this receipt or by the bank's own word. */
export type ReceiptClaim = {
  refusal: {
    code: ReceiptRefusal
    message: string
    retry_after_seconds: number | null
  } | null
  announcements: ChargeAnnouncement[]
}

/** Somebody is asking about a charge just now: that takes a moment. */
const BUSY_TRIES = 20
const BUSY_PAUSE_MS = 250

const TRY_AGAIN_SECONDS = 60

/**
 * Makes a charge paid by the hash on the payer's receipt. The order of the questions
 * is the strength of what they prove: the charge's own KHQR, the transfer, and whether
 * it belongs to another charge over the same money.
 */
export const claimByReceiptStep = createStep(
  "khqr-claim-by-receipt",
  async (input: ReceiptInput, { container }) => {
    const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
    if (!khqr.findsByHash) {
      return new StepResponse(refused("receipt_unsupported"))
    }
    const waitMs = await khqr.countReceipt(input.bearer)
    if (waitMs !== null) {
      return new StepResponse(
        refused("too_many_attempts", {
          retry_after_seconds: Math.ceil(waitMs / 1_000),
        })
      )
    }
    const claim = await claimByReceipt(input, container)
    if (claim.refusal?.code === "receipt_unknown") {
      await khqr.uncountReceipt(input.bearer)
    }
    return new StepResponse(claim)
  }
)

async function claimByReceipt(
  {
    bearer,
    charge_ids,
    hash,
    despite = [],
    any_amount = false,
    actor,
  }: ReceiptInput,
  container: MedusaContainer
): Promise<ReceiptClaim> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const purpose = bearer.by === "shopper" ? "receipt" : "manual"
  const announcements: ChargeAnnouncement[] = []
  /** What the bank ties to the KHQRs themselves; then what is left that a receipt may pay. */
  const askOwn = async (ids: string[]): Promise<Charge[] | "paid"> => {
    const own = await askAbout(await khqr.claimThese(ids), purpose, khqr)
    announcements.push(...own.announcements)
    const charges = await khqr.listKhqrCharges(
      { id: charge_ids },
      { take: charge_ids.length }
    )
    return charges.some(bindsSession) ? "paid" : payableByReceipt(charges)
  }

  // Made-up hashes cost two questions: the others of the session wait until the transfer is found.
  const [newest, ...older] = await newestFirst(charge_ids, khqr)
  const first = await askOwn([newest])
  if (first === "paid") {
    return { refusal: null, announcements }
  }
  if (first.length === 0) {
    return refused("receipt_used", { announcements })
  }
  const answer = await findTransfer(
    hash,
    bearer.by === "shopper" ? first.slice(0, 1) : first,
    purpose,
    khqr
  )
  if (!isPaid(answer)) {
    return refused(refusalOf(answer), {
      announcements,
      ...(purpose === "receipt" ? outOfShare(answer) : {}),
    })
  }
  const { transaction } = answer.outcome
  if (!transaction.hash.startsWith(hash)) {
    return refused("receipt_unknown", { announcements })
  }
  const candidates = await askOwn(older)
  if (candidates === "paid") {
    return { refusal: null, announcements }
  }
  if (
    candidates.length === 0 ||
    (await khqr.isTransferUsed(transaction.hash))
  ) {
    return refused("receipt_used", { announcements })
  }
  const found = chargeForTransfer(
    candidates,
    transaction,
    bearer.by,
    new Date(),
    any_amount
  )
  if ("fault" in found) {
    return refused("receipt_mismatch", { announcements, fault: found.fault })
  }

  const rivals = await askRivals(
    { ...found.charge, ...moneyOf(found.charge, transaction) },
    transaction,
    charge_ids,
    purpose,
    khqr
  )
  announcements.push(...rivals.announcements)
  if (rivals.says !== "not_theirs") {
    return refused(rivals.says, { announcements, fault: rivals.fault })
  }
  const recorded = await khqr.recordReceipt(found.charge.id, answer, actor, {
    by_bank: rivals.cleared,
    by_person: bearer.by === "staff" ? despite : [],
    any_amount,
  })
  switch (recorded) {
    case "unclear":
      return refused("receipt_unclear", {
        announcements,
        fault:
          bearer.by === "staff"
            ? await nameVouched(found.charge, transaction, rivals.cleared, khqr)
            : undefined,
      })
    case "used":
    case "stale": {
      const now = await khqr.retrieveKhqrCharge(found.charge.id)
      return hasMoney(now)
        ? { refusal: null, announcements }
        : refused("receipt_used", { announcements })
    }
    default:
      return { refusal: null, announcements: [...announcements, ...recorded] }
  }
}

/** Whose transfer it may be goes by what came, also where a person takes it for a charge over other money. */
function moneyOf(
  charge: Charge,
  { amount, currency }: BakongTransaction
): Pick<Charge, "khqr_amount" | "currency_code"> {
  const code = currency.trim().toUpperCase()
  if (code !== "USD" && code !== "KHR") {
    return charge
  }
  try {
    return {
      khqr_amount: toExactKhqrAmount(amount, code),
      currency_code: code.toLowerCase(),
    }
  } catch {
    // No KHQR asks for such an amount.
    return charge
  }
}

async function newestFirst(
  ids: string[],
  khqr: KhqrModuleService
): Promise<string[]> {
  const charges = await khqr.listKhqrCharges({ id: ids }, { take: ids.length })
  const payable = payableByReceipt(charges).map(({ id }) => id)
  return payable.length > 0 ? payable : ids
}

/** Staff read which charges it may be for, and how to take it all the same. */
async function nameVouched(
  charge: Charge,
  transaction: BakongTransaction,
  cleared: string[],
  khqr: KhqrModuleService
): Promise<string> {
  const vouched = await khqr.findVouched(charge, transaction, cleared)
  const ids = vouched.map(({ id }) => id).join(", ")
  return `A person vouched for a payment of the same money (${ids}), and it may be this transfer. If it is not, bring it again with "despite": ${ids}`
}

type Asked = {
  announcements: ChargeAnnouncement[]
  /** Of those that the bank told something about. */
  answered: Set<string>
  /** Of those that the bank says nobody has paid. */
  unpaid: string[]
}

/** Asks about charges that are claimed, and records what counts. */
async function askAbout(
  claimed: Charge[],
  purpose: "manual" | "receipt",
  khqr: KhqrModuleService
): Promise<Asked> {
  if (claimed.length === 0) {
    return { announcements: [], answered: new Set(), unpaid: [] }
  }
  const now = new Date()
  const telling = (
    await khqr.askBakong(
      claimed.map((charge) => toQuestion(charge, now)),
      purpose
    )
  ).filter(({ outcome }) => outcome.type !== "unknown")
  const announcements = await khqr.recordAnswers(telling)
  const answered = new Set(telling.map(({ charge_id }) => charge_id))
  await khqr.giveBack(claimed.filter(({ id }) => !answered.has(id)))
  return {
    announcements,
    answered,
    unpaid: telling
      .filter(({ outcome }) => outcome.type === "not_found")
      .map(({ charge_id }) => charge_id),
  }
}

/** The last answer, or the first that names a transfer. */
async function findTransfer(
  hash: string,
  charges: Charge[],
  purpose: "manual" | "receipt",
  khqr: KhqrModuleService
): Promise<CheckAnswer> {
  let last: CheckAnswer | undefined
  for (const lookUp of lookUps(hash, charges)) {
    last = await khqr.findTransfer(lookUp, purpose)
    if (last.outcome.type !== "not_found") {
      return last
    }
  }
  return last!
}

async function askRivals(
  charge: Charge,
  transaction: BakongTransaction,
  ownIds: string[],
  purpose: "manual" | "receipt",
  khqr: KhqrModuleService
): Promise<{
  says: "not_theirs" | "receipt_used" | "receipt_unknown"
  /** For staff. */
  fault?: string
  announcements: ChargeAnnouncement[]
  /** Charges that a person vouched for and that, by the bank's word, nobody has paid. */
  cleared: string[]
}> {
  const nothing = { announcements: [], cleared: [] }
  const rivals = await claimRivals(charge, transaction, ownIds, khqr)
  if (rivals === "busy") {
    return { says: "receipt_unknown", ...nothing }
  }
  if (rivals === "too_many") {
    return {
      says: "receipt_unknown",
      fault: purpose === "manual" ? MANY_RIVALS : undefined,
      ...nothing,
    }
  }
  const { announcements, answered, unpaid } = await askAbout(
    rivals,
    purpose,
    khqr
  )
  const told = { announcements, cleared: unpaid }
  if (await khqr.isTransferUsed(transaction.hash)) {
    return { says: "receipt_used", ...told }
  }
  return {
    says: rivals.every(({ id }) => answered.has(id))
      ? "not_theirs"
      : "receipt_unknown",
    ...told,
  }
}

const MANY_RIVALS = `More than ${MOST_RIVALS} KHQRs over the same money are open, and this transfer may be for any of them. Try again when they are over, or confirm the payment by hand`

async function claimRivals(
  charge: Charge,
  transaction: BakongTransaction,
  ownIds: string[],
  khqr: KhqrModuleService
): Promise<Charge[] | "busy" | "too_many"> {
  for (let tries = 0; tries < BUSY_TRIES; tries++) {
    const rivals = await khqr.claimRivals(charge, transaction, ownIds)
    if (rivals !== "busy") {
      return rivals
    }
    await pause(BUSY_PAUSE_MS)
  }
  return "busy"
}

/** The words and the time for a question that the shoppers' share did not allow. */
function outOfShare({ outcome }: CheckAnswer): {
  fault?: string
  retry_after_seconds?: number
} {
  return outcome.type === "unknown" && outcome.reason === "quota_spent"
    ? {
        fault: TOO_MUCH_ASKED,
        retry_after_seconds: Math.max(
          TRY_AGAIN_SECONDS,
          Math.ceil((outcome.retryAfterMs ?? 0) / 1_000)
        ),
      }
    : {}
}

function isPaid(
  answer: CheckAnswer
): answer is CheckAnswer & { outcome: { type: "paid" } } {
  return answer.outcome.type === "paid"
}

function refusalOf({ outcome }: CheckAnswer): ReceiptRefusal {
  switch (outcome.type) {
    case "not_found":
      return "receipt_not_found"
    case "failed":
      return "receipt_mismatch"
    default:
      return "receipt_unknown"
  }
}

function refused(
  code: ReceiptRefusal,
  {
    announcements = [],
    fault,
    retry_after_seconds = code === "receipt_unknown" ? TRY_AGAIN_SECONDS : null,
  }: {
    announcements?: ChargeAnnouncement[]
    fault?: string
    retry_after_seconds?: number | null
  } = {}
): ReceiptClaim {
  return {
    refusal: {
      code,
      message: explainRefusal(code, fault),
      retry_after_seconds,
    },
    announcements,
  }
}
