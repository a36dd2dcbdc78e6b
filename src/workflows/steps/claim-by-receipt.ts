import { setTimeout as pause } from "node:timers/promises"

import type { MedusaContainer } from "@medusajs/framework/types"
import { createStep, StepResponse } from "@medusajs/framework/workflows-sdk"

import type { BakongTransaction, CheckAnswer } from "../../bakong"
import { KHQR_MODULE } from "../../modules/khqr"
import type { ReceiptBearer } from "../../modules/khqr/desk"
import { toQuestion } from "../../modules/khqr/question"
import {
  chargeForTransfer,
  explainRefusal,
  lookUps,
  payableByReceipt,
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
  { charge_ids, hash, actor }: ReceiptInput,
  container: MedusaContainer
): Promise<ReceiptClaim> {
  const khqr = container.resolve<KhqrModuleService>(KHQR_MODULE)
  const own = await askAbout(await khqr.claimThese(charge_ids), khqr)
  const charges = await khqr.listKhqrCharges(
    { id: charge_ids },
    { take: charge_ids.length }
  )
  const announcements = own.announcements
  if (charges.some(bindsSession)) {
    return { refusal: null, announcements }
  }
  const candidates = payableByReceipt(charges)
  if (candidates.length === 0) {
    return refused("receipt_used", { announcements })
  }

  const answer = await findTransfer(hash, candidates, khqr)
  if (!isPaid(answer)) {
    return refused(refusalOf(answer), { announcements })
  }
  const { transaction } = answer.outcome
  if (!transaction.hash.startsWith(hash)) {
    return refused("receipt_unknown", { announcements })
  }
  if (await khqr.isTransferUsed(transaction.hash)) {
    return refused("receipt_used", { announcements })
  }
  const found = chargeForTransfer(candidates, transaction, new Date())
  if ("fault" in found) {
    return refused("receipt_mismatch", { announcements, fault: found.fault })
  }

  const rivals = await askRivals(found.charge, transaction, charge_ids, khqr)
  announcements.push(...rivals.announcements)
  if (rivals.says !== "not_theirs") {
    return refused(rivals.says, { announcements })
  }
  const recorded = await khqr.recordReceipt(found.charge.id, answer, actor)
  if (recorded === "used" || recorded === "stale") {
    const now = await khqr.retrieveKhqrCharge(found.charge.id)
    return hasMoney(now)
      ? { refusal: null, announcements }
      : refused("receipt_used", { announcements })
  }
  return { refusal: null, announcements: [...announcements, ...recorded] }
}

type Asked = {
  announcements: ChargeAnnouncement[]
  /** Of those that the bank told something about. */
  answered: Set<string>
}

/** Asks about charges that are claimed, and records what counts. */
async function askAbout(
  claimed: Charge[],
  khqr: KhqrModuleService
): Promise<Asked> {
  if (claimed.length === 0) {
    return { announcements: [], answered: new Set() }
  }
  const now = new Date()
  const telling = (
    await khqr.askBakong(
      claimed.map((charge) => toQuestion(charge, now)),
      "manual"
    )
  ).filter(({ outcome }) => outcome.type !== "unknown")
  const announcements = await khqr.recordAnswers(telling)
  const answered = new Set(telling.map(({ charge_id }) => charge_id))
  await khqr.giveBack(claimed.filter(({ id }) => !answered.has(id)))
  return { announcements, answered }
}

/** The last answer, or the first that names a transfer. */
async function findTransfer(
  hash: string,
  charges: Charge[],
  khqr: KhqrModuleService
): Promise<CheckAnswer> {
  let last: CheckAnswer | undefined
  for (const lookUp of lookUps(hash, charges)) {
    last = await khqr.findTransfer(lookUp)
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
  khqr: KhqrModuleService
): Promise<{
  says: "not_theirs" | "receipt_used" | "receipt_unknown"
  announcements: ChargeAnnouncement[]
}> {
  const rivals = await claimRivals(charge, transaction, ownIds, khqr)
  if (!rivals) {
    return { says: "receipt_unknown", announcements: [] }
  }
  const { announcements, answered } = await askAbout(rivals, khqr)
  if (await khqr.isTransferUsed(transaction.hash)) {
    return { says: "receipt_used", announcements }
  }
  return {
    says: rivals.every(({ id }) => answered.has(id))
      ? "not_theirs"
      : "receipt_unknown",
    announcements,
  }
}

async function claimRivals(
  charge: Charge,
  transaction: BakongTransaction,
  ownIds: string[],
  khqr: KhqrModuleService
): Promise<Charge[] | null> {
  for (let tries = 0; tries < BUSY_TRIES; tries++) {
    const rivals = await khqr.claimRivals(charge, transaction, ownIds)
    if (rivals) {
      return rivals
    }
    await pause(BUSY_PAUSE_MS)
  }
  return null
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
