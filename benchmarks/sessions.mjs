/**
 * What a KHQR adds to the creation of a payment session: `POST
 * /store/payment-collections/:id/payment-sessions` over HTTP, with ours and with
 * `pp_system_default`, which is Medusa's own code and does nothing at all. It returns no data
 * either, so Medusa is spared the UPDATE that keeps a provider's answer in the session: a part
 * of the ratio any provider with an answer would have.
 *
 * One request at a time, in the order ours, manual, manual, ours; each has a cart and a payment
 * collection of its own, made outside the time. The clock job ticks in the same process.
 *
 * Open KHQRs are polled, so those that are measured would pile up and slow down both providers
 * alike, which flatters us: a ratio of two slow requests is nearer to 1. So there are two
 * situations. "quiet": each KHQR fails at the bank after its request; it is asked about once or
 * twice and then left alone for minutes. "busy": the same, while 100 other KHQRs stay open and
 * are asked about every 3 s.
 */
import { median, quantile, rounded, sleep } from "./numbers.mjs"
import { MANUAL, OURS } from "./shop.mjs"

const ORDER = [OURS, MANUAL, MANUAL, OURS]
const WARM_UP_ROUNDS = 40
const OPEN_KHQRS = 100
const PARTS = 4

/** @param {{ rounds: number }} options a round is two samples of each provider */
export async function benchSessions({ store, bank }, { rounds }) {
  await measure({ store, bank }, WARM_UP_ROUNDS)
  const quiet = await measure({ store, bank }, rounds)
  const others = await openOthers(store)
  const busy = await measure({ store, bank }, Math.ceil(rounds / 2))
  others.forEach((qr) => bank.fail(qr))
  // Until they have been asked about for the last time.
  await sleep(8_000)
  return [
    ...describe("quiet", quiet),
    ...describe(`busy: ${OPEN_KHQRS} other KHQRs open`, busy),
  ]
}

async function measure({ store, bank }, rounds) {
  const samples = { [OURS]: [], [MANUAL]: [] }
  for (let round = 0; round < rounds; round++) {
    const prepared = await prepare(store, ORDER.length)
    for (const [i, provider] of ORDER.entries()) {
      const start = performance.now()
      const { data } = await store.openSession(prepared[i], provider)
      samples[provider].push(performance.now() - start)
      if (provider === OURS) {
        bank.fail(data.qr)
      }
    }
  }
  return samples
}

async function prepare(store, count) {
  const prepared = []
  for (let i = 0; i < count; i++) {
    prepared.push(await store.prepare({ delivery: false }))
  }
  return prepared
}

async function openOthers(store) {
  const qrs = []
  for (const prepared of await prepare(store, OPEN_KHQRS)) {
    const { data } = await store.openSession(prepared, OURS)
    qrs.push(data.qr)
  }
  return qrs
}

function describe(situation, samples) {
  const ratio = ratioOf(samples, 0, 1)
  // How far the ratio of medians is from one part of the time to the next: that is the noise.
  const parts = Array.from({ length: PARTS }, (_, part) =>
    ratioOf(samples, part / PARTS, (part + 1) / PARTS)
  )
  return [OURS, MANUAL].map((provider) => ({
    situation,
    provider,
    medianMs: rounded(median(samples[provider])),
    p95Ms: rounded(quantile(samples[provider], 0.95)),
    samples: samples[provider].length,
    ratio: provider === OURS ? rounded(ratio) : 1,
    ...(provider === OURS && {
      ratioByQuarter: parts.map((part) => rounded(part)).join(" "),
    }),
  }))
}

function ratioOf(samples, from, to) {
  const [ours, manual] = [OURS, MANUAL].map((provider) => {
    const all = samples[provider]
    return median(all.slice(all.length * from, all.length * to))
  })
  return ours / manual
}
