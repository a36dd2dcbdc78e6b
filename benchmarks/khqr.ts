/**
 * How many KHQR strings are built and read per second, beside the two public SDKs, both as
 * they come from npm (`npm run bench -- --only khqr`).
 *
 * All contenders run in one process in interleaved rounds; a row is the median round.
 * ratio = ours / theirs, so 2 means twice as fast as the row's SDK. They do not do the same
 * work: buildKhqr checks its input and reads its own string again, decodeKhqr checks the CRC
 * and each field; the rows with "verify" come nearest to that.
 */
import { BakongKHQR, IndividualInfo } from "bakong-khqr"
import { CURRENCY, KHQR, TAG } from "ts-khqr"
import { buildKhqr, decodeKhqr } from "../src/khqr"

export type Row = {
  name: string
  /** Median over the rounds, operations per second. */
  perSecond: number
  /** Ours divided by this row's; 1 for ours. */
  ratio: number
}

type Contender = { name: string; run: (i: number) => unknown }

const ROUND_MS = 80
const BATCH = 50

/**
 * Measures building and reading. Takes about half a second a round.
 * @param signal ends it after the round
 */
export async function benchKhqr(
  rounds: number,
  signal: AbortSignal
): Promise<Row[]> {
  const expiresAt = Date.now() + 600_000
  const samples = Array.from(
    { length: 256 },
    (_, i) => buildOurs(i, expiresAt).qr
  )
  const sample = (i: number) => samples[i % samples.length]

  const build = await race(
    [
      { name: "build: buildKhqr", run: (i) => buildOurs(i, expiresAt) },
      { name: "build: ts-khqr", run: (i) => buildTsKhqr(i, expiresAt) },
      { name: "build: bakong-khqr", run: (i) => buildBakong(i, expiresAt) },
    ],
    rounds,
    signal
  )
  const decode = await race(
    [
      { name: "decode: decodeKhqr", run: (i) => decodeKhqr(sample(i)) },
      { name: "decode: ts-khqr parse", run: (i) => KHQR.parse(sample(i)) },
      {
        name: "decode: ts-khqr verify + parse",
        run: (i) => [KHQR.verify(sample(i)), KHQR.parse(sample(i))],
      },
      {
        name: "decode: bakong-khqr decode",
        run: (i) => BakongKHQR.decode(sample(i)),
      },
      {
        name: "decode: bakong-khqr verify + decode",
        run: (i) => [
          BakongKHQR.verify(sample(i)),
          BakongKHQR.decode(sample(i)),
        ],
      },
    ],
    rounds,
    signal
  )
  return [...build, ...decode]
}

async function race(
  contenders: Contender[],
  rounds: number,
  signal: AbortSignal
): Promise<Row[]> {
  const speeds = contenders.map(() => [] as number[])
  for (const { run } of contenders) {
    measure(run)
  }
  for (let round = 0; round < rounds; round++) {
    contenders.forEach(({ run }, i) => speeds[i].push(measure(run)))
    // Ctrl-C is heard only between two turns of the event loop.
    await new Promise(setImmediate)
    signal.throwIfAborted()
  }
  const medians = speeds.map(median)
  return contenders.map(({ name }, i) => ({
    name,
    perSecond: Math.round(medians[i]),
    ratio: Math.round((medians[0] / medians[i]) * 100) / 100,
  }))
}

function measure(run: Contender["run"]): number {
  const started = performance.now()
  let done = 0
  let elapsed = 0
  while (elapsed < ROUND_MS) {
    for (let i = 0; i < BATCH; i++) {
      run(done + i)
    }
    done += BATCH
    elapsed = performance.now() - started
  }
  return (done * 1000) / elapsed
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}

function buildOurs(i: number, expiresAt: number) {
  return buildKhqr(
    {
      receiver: {
        type: "individual",
        accountId: "test_bakong@devb",
        accountInformation: "85512233455",
        acquiringBank: "Dev Bank",
      },
      currency: "USD",
      amount: `${1 + (i % 900)}.25`,
      merchantName: "Riverside Books",
      billNumber: `K7Q2M9XH4T8B${i}`,
      storeLabel: "Riverside",
      expiresAt,
    },
    expiresAt - 600_000
  )
}

function buildTsKhqr(i: number, expiresAt: number) {
  return KHQR.generate({
    tag: TAG.INDIVIDUAL,
    accountID: "test_bakong@devb",
    merchantID: "85512233455",
    acquiringBank: "Dev Bank",
    currency: CURRENCY.USD,
    amount: 1.25 + (i % 900),
    merchantName: "Riverside Books",
    additionalData: {
      billNumber: `K7Q2M9XH4T8B${i}`,
      storeLabel: "Riverside",
    },
    expirationTimestamp: expiresAt,
  })
}

function buildBakong(i: number, expiresAt: number) {
  return new BakongKHQR().generateIndividual(
    new IndividualInfo("test_bakong@devb", "Riverside Books", "Phnom Penh", {
      accountInformation: "85512233455",
      acquiringBank: "Dev Bank",
      currency: 840,
      amount: 1.25 + (i % 900),
      billNumber: `K7Q2M9XH4T8B${i}`,
      storeLabel: "Riverside",
      expirationTimestamp: expiresAt,
    })
  )
}
