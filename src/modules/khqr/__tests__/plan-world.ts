import fc from "fast-check"

import type {
  Budget,
  OpenCharge,
  Plan,
  PlanInput,
  PlannedLook,
  ShopHistory,
} from "../plan"
import { budgetOf, freshQuota } from "../quota"
import { closesAt } from "../state"
import type { SignalKind } from "../types"
import { charge, HOUR, later, MINUTE, SECOND } from "./world"

/** Ten minutes before noon in Phnom Penh: both of the bank's possible days have hours to go. */
export const NOW = new Date("2026-11-21T04:50:00Z")

const KINDS: SignalKind[] = ["returned", "claims_paid", "announced"]

/** A charge as the plan reads it, issued at `ISSUED_AT`. */
export function open(changes: Partial<OpenCharge> = {}): OpenCharge {
  return { ...charge(), last_signal: null, is_leased: false, ...changes }
}

/** One that was issued so many seconds before `now`, open for ten minutes and two more. */
export function aged(
  seconds: number,
  changes: Partial<OpenCharge> = {},
  now = NOW
): OpenCharge {
  const issued_at = later(now, -seconds * SECOND)
  return open({
    id: `aged_${seconds}`,
    issued_at,
    expires_at: later(issued_at, 10 * MINUTE),
    next_check_at: now,
    ...changes,
  })
}

/** One that "not found" has ended, and that is due for a late look. */
export function expired(
  seconds: number,
  changes: Partial<OpenCharge> = {},
  now = NOW
): OpenCharge {
  const ended = aged(seconds, { id: `late_${seconds}` }, now)
  return {
    ...ended,
    status: "expired",
    last_checked_at: closesAt(ended),
    ...changes,
  }
}

/** A probable payment that a signal tells of. */
export function told(charge: OpenCharge, secondsAgo = 0): OpenCharge {
  return {
    ...charge,
    last_signal_at: later(NOW, -secondsAgo * SECOND),
    last_signal: "announced",
  }
}

/** A shop of which nothing is known; each time another, since what is worked out of one is kept. */
export function shop(changes: Partial<ShopHistory> = {}): ShopHistory {
  return {
    payments: [],
    issued: 0,
    paid: 0,
    arrivals: [],
    signals: {
      returned: { asked: 0, found: 0 },
      claims_paid: { asked: 0, found: 0 },
      announced: { asked: 0, found: 0 },
    },
    ...changes,
  }
}

export const FREE: Budget = { windows: [], closedUntil: null, isProbe: false }

/** So many calls until each of the two midnights. */
export function calls(
  phnomPenh: number,
  utc = phnomPenh,
  now = NOW
): Budget & { windows: { left: number; endsAt: Date }[] } {
  const [first, second] = budgetOf(freshQuota(now), 100, now).windows
  return {
    ...FREE,
    windows: [
      { ...first, left: phnomPenh },
      { ...second, left: utc },
    ],
  }
}

export function input(changes: Partial<PlanInput> = {}): PlanInput {
  return {
    charges: [],
    budget: FREE,
    lists: false,
    shop: shop(),
    now: NOW,
    ...changes,
  }
}

/** What the plan wants asked now, riders too. */
export function due({ looks }: Plan, now = NOW): PlannedLook[] {
  return looks.filter(({ at }) => at <= now)
}

/** What costs a call each, where there are no lists. */
export function asked(planned: Plan, now = NOW): PlannedLook[] {
  return due(planned, now).filter(({ reason }) => reason !== "along")
}

export function lookAt({ looks }: Plan, id: string): PlannedLook | undefined {
  return looks.find((look) => look.id === id)
}

const anySeconds = (max: number) =>
  fc.integer({ min: 0, max: max * SECOND }).map((ms) => ms / SECOND)

/** In its first quarter of an hour, or up to a day and a half old. */
const anyAge = fc.oneof(
  { weight: 4, arbitrary: anySeconds(900) },
  { weight: 1, arbitrary: anySeconds(36 * 3_600) }
)

const anyTraits = fc.record({
  age: anyAge,
  expiresIn: fc.oneof(
    { weight: 4, arbitrary: fc.constant(10 * MINUTE) },
    { weight: 1, arbitrary: fc.integer({ min: MINUTE, max: 15 * MINUTE }) }
  ),
  status: fc.constantFrom<("ended" | "failed" | "unproven" | "open")[]>(
    "open",
    "open",
    "open",
    "failed",
    "ended",
    "unproven"
  ),
  /** Of its life so far. */
  checked: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  signalled: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  kind: fc.constantFrom(...KINDS),
  signals_in_vain: fc.nat(3),
  watched: fc.constantFrom("unseen", "watched", "away"),
  isSuperseded: fc.boolean(),
  isSilenced: fc.nat(5).map((n) => n === 0),
  unknowns: fc.integer({ min: 1, max: 20 }),
  is_leased: fc.nat(7).map((n) => n === 0),
  next: fc.integer({ min: -HOUR, max: HOUR }),
})

type Traits = typeof anyTraits extends fc.Arbitrary<infer T> ? T : never

function chargeOf(traits: Traits, index: number, now: Date): OpenCharge {
  const { age, status, checked, signalled, watched, isSuperseded } = traits
  const issued_at = later(now, -age * SECOND)
  const expires_at = later(issued_at, traits.expiresIn)
  const lived = (share: number) =>
    later(issued_at, Math.floor(age * SECOND * share))
  const closing = closesAt({ expires_at })
  const hasEnded = status === "ended" && closing <= now
  const last = checked === null ? null : lived(checked)
  return open({
    id: `khqr_${index}`,
    issued_at,
    expires_at,
    last_checked_at:
      hasEnded && (last === null || last < closing) ? closing : last,
    superseded_at: isSuperseded ? lived(0.5) : null,
    last_signal_at: signalled === null ? null : lived(signalled),
    last_signal: signalled === null ? null : traits.kind,
    signals_in_vain: signalled === null ? 0 : traits.signals_in_vain,
    watched_since: watched === "unseen" ? null : issued_at,
    unwatched_at: watched === "away" ? lived(0.3) : null,
    unknowns: traits.isSilenced && last ? traits.unknowns : 0,
    last_outcome: traits.isSilenced && last ? "unknown:unavailable" : null,
    is_leased: traits.is_leased,
    next_check_at: later(now, traits.next),
    ...(hasEnded ? { status: "expired" as const } : {}),
    ...(status === "failed" && last ? { status: "failed" as const } : {}),
    ...(status === "unproven"
      ? { status: "paid" as const, evidence: "staff" as const }
      : {}),
  })
}

/** Charges in any state in which the plan may meet them. */
export function anyCharges(now = NOW, maxLength = 12) {
  return fc
    .array(anyTraits, { minLength: 1, maxLength })
    .map((all) => all.map((traits, index) => chargeOf(traits, index, now)))
}

/** A shop that sells so many a day in its own hours, as it did for the days before `now`. */
export function arrivalsOf(
  perHour: (hourInPhnomPenh: number, daysAgo: number) => number,
  days: number,
  now = NOW
): ShopHistory["arrivals"] {
  const thisHour = Math.floor(now.getTime() / HOUR)
  return Array.from({ length: days * 24 }, (_, at) => {
    const hour = thisHour - days * 24 + at
    const charges = perHour((hour + 7) % 24, Math.ceil((thisHour - hour) / 24))
    return { hour, charges }
  }).filter(({ charges }) => charges > 0)
}

export const anyShop = fc
  .record({
    median: fc.integer({ min: 5, max: 300 }),
    count: fc.nat(60),
    silent: fc.nat(4),
    unpaid: fc.nat(40),
    perHour: fc.nat(12),
    days: fc.nat(9),
    inVain: fc.nat(20),
  })
  .map(({ median, count, silent, unpaid, perHour, days, inVain }) =>
    shop({
      payments: Array.from({ length: count }, (_, n) => ({
        seconds: median * (0.4 + (1.6 * ((n * 7) % 11)) / 11),
        silent: n % 5 < silent,
        watched: [true, false, null][n % 3],
      })),
      issued: count + unpaid,
      paid: count,
      arrivals: arrivalsOf(
        (hour) => (hour >= 8 && hour < 22 ? perHour : 0),
        days
      ),
      signals: {
        returned: { asked: inVain, found: Math.floor(inVain / 3) },
        claims_paid: { asked: 0, found: 0 },
        announced: { asked: 5, found: 5 },
      },
    })
  )

/** Calls left until each midnight. */
export const anyCalls = fc
  .tuple(fc.integer({ min: 1, max: 110 }), fc.integer({ min: 1, max: 110 }))
  .map(([phnomPenh, utc]) => calls(phnomPenh, utc))

/** Nearly nothing left, so that there is something to quarrel about. */
export const fewCalls = fc
  .tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 110 }))
  .map(([phnomPenh, utc]) => calls(phnomPenh, utc))
