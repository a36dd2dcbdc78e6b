import { MedusaError } from "@medusajs/framework/utils"

import { formatKhqrAmount, sameAmount, type KhqrCurrency } from "../../khqr"
import type { AttemptLimit } from "./attempts"
import type { Database } from "./database"
import { isAskable, SIGNALS_UNTIL_MS } from "./pace"
import { STATIC_IS_NOT_ASKED } from "./refusals"
import { CHECKS_AT_ONCE, type Allowance } from "./round"
import { CLOCK_SKEW_MS, hasMoney } from "./state"
import type { Actor, Charge } from "./types"

/** Another system of the shop's says that money came. It may be mistaken, or forged. */
export type AnnouncedMoney = {
  /** As a KHQR has it: exact, whole riel, or dollars with cents. */
  khqr_amount: string
  currency_code: "usd" | "khr"
  /** The charge's own, or its id; whatever else it is says nothing to us. */
  reference: string | null
  /** When it was paid, if the notice says so. */
  paid_at: Date | null
}

/** What became of an announcement. */
export type HeardAnnouncement = {
  /** Charges that the bank is asked about for it, the likeliest first. */
  signalled: Pick<Charge, "id" | "reference" | "status">[]
  /** Charges that may be meant; among them those that were announced moments ago, and those that are not asked about. */
  matched: number
  /** The same in words, for a log. */
  message: string
}

/** No more of those that are open would go into one call. */
const MOST_OPEN = CHECKS_AT_ONCE

const MOST_EXPIRED = 10

const MINUTE = 60_000

/** Where each question takes a call from the shoppers who wait; who paid has mostly just seen the KHQR. */
const MOST_BY_ONE = 3

/** An expired charge hears few signals in all: whoever pays late has mostly seen one of the newest. */
const MOST_EXPIRED_BY_ONE = 3

/** A bank may accept a KHQR a little after its time, and its notice comes when it may. */
const PAID_LATE_MS = 10 * MINUTE

const HOUR = 60 * MINUTE

/** A forwarder that runs wild is stopped before it costs anybody much. */
export const ANNOUNCEMENTS_PER_MINUTE = 60

/** The same notice comes by Telegram and by SMS. Another one over the same money mostly comes later than this. */
const ONE_PER_CHARGE_EACH_MS = 10_000

/** A charge lives ten minutes; the same money for others, again and again, is no news of this one. */
const MOST_PER_CHARGE_AND_HOUR = 6

export function announcementLimits(actor: Actor): AttemptLimit[] {
  return [
    {
      id: `announcement:actor:${actor}`,
      most: ANNOUNCEMENTS_PER_MINUTE,
      windowMs: MINUTE,
    },
  ]
}

export function announcedChargeLimits(chargeId: string): AttemptLimit[] {
  return [
    {
      id: `announcement:repeat:${chargeId}`,
      most: 1,
      windowMs: ONE_PER_CHARGE_EACH_MS,
    },
    {
      id: `announcement:charge:${chargeId}`,
      most: MOST_PER_CHARGE_AND_HOUR,
      windowMs: HOUR,
    },
  ]
}

function newestOver(statuses: string, most: number): string {
  return `(SELECT id FROM khqr_charge
    WHERE khqr_amount = ? AND currency_code = ? AND issued_at <= ? AND expires_at >= ?
      AND status IN (${statuses}) AND deleted_at IS NULL
      AND mode <> 'static' AND review_reason IS DISTINCT FROM 'hash_used'
    ORDER BY issued_at DESC LIMIT ${most})`
}

/** Served by `IDX_khqr_charge_open_amount`. Many that are over do not hide one that is open. */
export const FIND_OPEN_OVER = `${newestOver("'pending', 'failed'", MOST_OPEN)} UNION ALL ${newestOver("'expired'", MOST_EXPIRED)}`

/** The ids of charges over the same money that may be paid, or may have been. */
export async function findOpenOver(
  { sql }: Database,
  { khqr_amount, currency_code, paid_at }: AnnouncedMoney,
  now: Date
): Promise<string[]> {
  const over = [
    khqr_amount,
    currency_code,
    issuedBefore(paid_at ?? now),
    new Date(now.getTime() - SIGNALS_UNTIL_MS),
  ]
  const rows = await sql<{ id: string }>(FIND_OPEN_OVER, [...over, ...over])
  return rows.map(({ id }) => id)
}

/** Which of those over the same money are meant, the likeliest first. */
export function likeliest(
  charges: Charge[],
  { paid_at }: Pick<AnnouncedMoney, "paid_at">
): Charge[] {
  const byAge = [...charges].sort((a, b) => +b.issued_at - +a.issued_at)
  const open = byAge.filter(({ status }) => status !== "expired")
  const over = byAge.filter(({ status }) => status === "expired")
  return open.length === 0
    ? over
    : [
        ...open,
        ...over.filter(
          ({ expires_at }) =>
            paid_at !== null && +paid_at < +expires_at + PAID_LATE_MS
        ),
      ]
}

/** How many charges one notice has asked about. In one list they cost no more than one of them would. */
export function mostAskedAbout({ budget, lists }: Allowance): number {
  const isCounted = budget.windows.length > 0 || budget.isProbe
  return isCounted && !lists ? MOST_BY_ONE : CHECKS_AT_ONCE
}

/**
 * Whether the notice may have this one asked about as well.
 * @param signalled whom it has asked about so far
 */
export function hasRoomFor(
  { status }: Pick<Charge, "status">,
  signalled: Pick<Charge, "status">[],
  most: number
): boolean {
  const expired = signalled.filter((one) => one.status === "expired")
  return (
    signalled.length < most &&
    (status !== "expired" || expired.length < MOST_EXPIRED_BY_ONE)
  )
}

/**
 * The notice names a charge and speaks of other money: one of them is a mistake.
 * @throws MedusaError INVALID_DATA
 */
export function refuseOtherMoney(charge: Charge, money: AnnouncedMoney): void {
  if (
    charge.mode !== "static" &&
    (charge.currency_code !== money.currency_code ||
      !sameAmount(charge.khqr_amount, money.khqr_amount))
  ) {
    throw new MedusaError(
      MedusaError.Types.INVALID_DATA,
      `reference names KHQR ${charge.reference}, which asks for ${inWords(charge)}, and ${inWords(money)} was announced. Announce what came, or leave the reference out.`
    )
  }
}

/** Why a question about a charge would tell nothing of the announced money; `null` when it may. */
export function whyNotMeant(
  charge: Charge,
  { paid_at }: AnnouncedMoney,
  now: Date
): string | null {
  const name = `KHQR ${charge.reference}`
  if (hasMoney(charge)) {
    return `${name} has its money already.`
  }
  if (charge.mode === "static") {
    return STATIC_IS_NOT_ASKED
  }
  if (!isAskable(charge)) {
    return `A person has decided about ${name}: the bank is not asked about it any more.`
  }
  if (charge.expires_at.getTime() + SIGNALS_UNTIL_MS < now.getTime()) {
    return `${name} ended more than ${SIGNALS_UNTIL_MS / HOUR} hours ago: signals about it are not heard any more.`
  }
  if (paid_at !== null && charge.issued_at > issuedBefore(paid_at)) {
    return `${name} was issued after paid_at.`
  }
  return null
}

export function nothingOpen(money: AnnouncedMoney): string {
  return money.paid_at === null
    ? `No open KHQR asks for ${inWords(money)}.`
    : `No open KHQR that was issued before paid_at asks for ${inWords(money)}.`
}

/** Of `matched` charges, at least one, `repeated` were passed over and at the `most` others signalled. */
export function describeHeard(
  money: AnnouncedMoney,
  {
    matched,
    signalled,
    repeated,
    most,
  }: { matched: number; signalled: number; repeated: number; most: number }
): string {
  const others = matched - signalled - repeated
  const heard = `The bank is asked about ${countOf(signalled)} over ${inWords(money)} as soon as it may be.`
  const repeats = `${countOf(repeated)} over ${inWords(money)} ${repeated === 1 ? "was" : "were"} announced moments ago, or many times: that changes nothing.`
  const expired =
    most > MOST_EXPIRED_BY_ONE
      ? `, and about ${MOST_EXPIRED_BY_ONE} that expired`
      : ""
  const rest = `${others} more ${others === 1 ? "matches and is" : "match and are"} not asked about: one notice asks about ${most} at the most${expired}.`
  return [
    ...(signalled ? [heard] : []),
    ...(repeated ? [repeats] : []),
    ...(others ? [rest] : []),
  ].join(" ")
}

/** For the history: `announced 12.50 USD`. */
export function announcedLine(money: AnnouncedMoney): string {
  return `announced ${inWords(money)}`
}

/** A notice may give the minute only, and its clock is not ours. */
function issuedBefore(paidAt: Date): Date {
  return new Date(paidAt.getTime() + CLOCK_SKEW_MS)
}

function inWords({
  khqr_amount,
  currency_code,
}: Pick<Charge, "khqr_amount" | "currency_code">): string {
  return formatKhqrAmount(
    khqr_amount,
    currency_code.toUpperCase() as KhqrCurrency
  )
}

function countOf(charges: number): string {
  return charges === 1 ? "1 KHQR" : `${charges} KHQRs`
}
