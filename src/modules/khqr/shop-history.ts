import type { Database } from "./database"
import type { ShopHistory } from "./plan"
import { closesAt, hasMoney } from "./state"
import type { Charge, SignalKind } from "./types"

/** A shop's habits do not change in minutes, and reading them takes some. */
const KEPT_FOR_MS = 600_000

const HOUR = 3_600_000
const DAY = 24 * HOUR
const CHARGES_OF_MS = 60 * DAY
const ARRIVALS_OF_MS = 28 * DAY

const MOST_PAYMENTS = 500

/** More than one in eight that is paid gives all the payments that are looked at. */
const MOST_CHARGES = 4_000

/** A charge of the past, as far as it tells anything. */
export type PastCharge = Pick<
  Charge,
  | "status"
  | "issued_at"
  | "expires_at"
  | "superseded_at"
  | "paid_at"
  | "bank_hash"
  | "last_signal_at"
  | "signals_in_vain"
  | "watched_since"
  | "unwatched_at"
> & { last_signal: SignalKind | null }

/** Newest first, by the index of the list of charges. */
export const READ_PAST = `SELECT status, issued_at, expires_at, superseded_at, paid_at, bank_hash, last_signal_at, last_signal, signals_in_vain, watched_since, unwatched_at
  FROM khqr_charge WHERE issued_at > ? AND mode <> 'static' AND deleted_at IS NULL
  ORDER BY issued_at DESC, id DESC LIMIT ${MOST_CHARGES}`

/** Those of `standsForShopper`. */
export const READ_ARRIVALS = `SELECT floor(extract(epoch FROM issued_at) / 3600)::int AS hour, count(*)::int AS charges
  FROM khqr_charge WHERE issued_at > ? AND mode <> 'static' AND deleted_at IS NULL
    AND (superseded_at IS NULL OR status IN ('paid', 'completed'))
  GROUP BY 1 ORDER BY 1`

/** What the shop's past tells, read now and then. */
export class ShopHistoryReader {
  protected kept_: { until: number; history: Promise<ShopHistory> } | undefined

  constructor(protected readonly database_: Database) {}

  async read(now: Date): Promise<ShopHistory> {
    if (!this.kept_ || this.kept_.until <= now.getTime()) {
      const history = this.readAnew_(now)
      this.kept_ = { until: now.getTime() + KEPT_FOR_MS, history }
      history.catch(() => (this.kept_ = undefined))
    }
    return this.kept_.history
  }

  protected async readAnew_(now: Date): Promise<ShopHistory> {
    const since = (ms: number) => new Date(now.getTime() - ms)
    const { sql } = this.database_
    const past = await sql<PastCharge>(READ_PAST, [since(CHARGES_OF_MS)])
    const arrivals = await sql<ShopHistory["arrivals"][number]>(READ_ARRIVALS, [
      since(ARRIVALS_OF_MS),
    ])
    return { ...tell(past, now), arrivals }
  }
}

/** @param past newest first */
export function tell(
  past: PastCharge[],
  now: Date
): Omit<ShopHistory, "arrivals"> {
  const paid = past.filter(isPaidAtBank).slice(0, MOST_PAYMENTS)
  const oldest = paid.length < MOST_PAYMENTS ? past.at(-1) : paid.at(-1)
  // One that may still be paid would count as one that is not.
  const over = past.filter(
    (charge) =>
      standsForShopper(charge) &&
      closesAt(charge) <= now &&
      charge.issued_at >= oldest!.issued_at
  )
  return {
    payments: paid.map((charge) => ({
      seconds: Math.max(
        0,
        (charge.paid_at!.getTime() - charge.issued_at.getTime()) / 1_000
      ),
      silent: !wasSignalled(charge),
      watched: wasWatched(charge),
    })),
    issued: over.length,
    paid: over.filter(isPaidAtBank).length,
    signals: {
      returned: signals(past, "returned"),
      claims_paid: signals(past, "claims_paid"),
      announced: signals(past, "announced"),
    },
  }
}

/** Who changes the cart, or chooses KHQR again, is one shopper with another charge. */
export function standsForShopper(
  charge: Pick<Charge, "status" | "superseded_at">
): boolean {
  return charge.superseded_at === null || hasMoney(charge)
}

/** A person's word dates no payment by the bank's clock. */
function isPaidAtBank(charge: PastCharge): boolean {
  return (
    hasMoney(charge) && charge.bank_hash !== null && charge.paid_at !== null
  )
}

/** `null`: no page of this shop's tells. */
function wasWatched({
  paid_at,
  watched_since,
  unwatched_at,
}: PastCharge): boolean | null {
  if (watched_since === null) {
    return null
  }
  return (
    watched_since <= paid_at! &&
    (unwatched_at === null || unwatched_at >= paid_at!)
  )
}

/** Whichever question found it: in a list it may have been another charge's. */
function wasSignalled({ paid_at, last_signal_at }: PastCharge): boolean {
  return last_signal_at !== null && last_signal_at >= paid_at!
}

function signals(
  past: PastCharge[],
  kind: SignalKind
): ShopHistory["signals"][SignalKind] {
  const of = past.filter(({ last_signal }) => last_signal === kind)
  const found = of.filter(
    (charge) => isPaidAtBank(charge) && wasSignalled(charge)
  ).length
  const inVain = of.reduce((sum, charge) => sum + charge.signals_in_vain, 0)
  return { asked: found + inVain, found }
}
