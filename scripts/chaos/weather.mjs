import { sleep } from "./random.mjs"

/** What the bank does to questions for some seconds. Short waits, so that much happens. */
const FAULTS = [
  () => ({ kind: "down" }),
  (random) => ({
    kind: "slow",
    delayMs: Math.round(random.between(500, 4_000)),
  }),
  () => ({ kind: "html" }),
  () => ({ kind: "unauthorized" }),
  () => ({ kind: "forbidden" }),
  () => ({ kind: "server_error" }),
  () => ({ kind: "truncated" }),
  () => ({ kind: "quota_spent" }),
  () => ({ kind: "rate_limited", delayMs: 1_500 }),
  () => ({ kind: "reset" }),
  () => ({ kind: "list_closed" }),
  () => ({ kind: "answer", status: 200, body: { responseCode: 0, data: [] } }),
  () => ({
    kind: "answer",
    status: 200,
    body: { responseCode: 1, errorCode: 99 },
  }),
]

const QUIRKS = [
  { listOrder: "reversed" },
  { listLength: "short" },
  { listLength: "long" },
  { listDuplicated: true },
  { listFirstItem: "service_failed" },
  { amountAsString: true },
  { floatDates: true },
  {},
]

const FAIR = {
  listOrder: "asked",
  listLength: "full",
  listDuplicated: false,
  listFirstItem: "right",
  amountAsString: false,
  floatDates: false,
}

/**
 * Bad and fair weather at the bank, in turn, until the signal. The pauses that the shop takes
 * after a refusal are ended each time: an hour is too long to wait here.
 *
 * @returns {Promise<Record<string, number>>} how often each fault was in force
 */
export async function makeWeather({ bank, random, endPauses, signal }) {
  const seen = {}
  while (!signal.aborted) {
    const fault = {
      ...random.pick(FAULTS)(random),
      every: random.pick([1, 1, 2, 3]),
    }
    seen[fault.kind] = (seen[fault.kind] ?? 0) + 1
    bank.setQuirks({ ...FAIR, ...random.pick(QUIRKS) })
    bank.setFault(fault)
    await sleep(random.between(1_000, 4_000))
    bank.clearFaults()
    await endPauses()
    await sleep(random.between(1_000, 5_000))
  }
  bank.clearFaults()
  bank.setQuirks(FAIR)
  await endPauses()
  return seen
}
