import { startSimulator, type Simulator } from "../../src/simulator"
import { Askers } from "./processes/askers"
import { ACCOUNT, onKhqrModule } from "./world"

const PROCESSES = 8
const LIMIT = 100

jest.setTimeout(120_000)

onKhqrModule(({ service, dbConfig }) => {
  let bank: Simulator
  let askers: Askers

  const start = async (dailyRequestLimit?: number) => {
    bank = await startSimulator({ dailyRequestLimit })
    askers = new Askers()
    await askers.start(PROCESSES, dbConfig.clientUrl, {
      merchant: { accountId: ACCOUNT, name: "Lucky Shop" },
      bakong: {
        token: bank.token,
        baseUrl: bank.url,
        dailyRequestLimit: LIMIT,
      },
    })
  }

  afterEach(async () => {
    await askers.stop()
    await bank.close()
  })

  /** The module under test has a token, and a quota, of its own. */
  const quotaOfAskers = async () => {
    const quotas = await service.listKhqrQuotas({})
    return quotas.sort((a, b) => b.used - a.used)[0]
  }

  /** As if the hour of the next probe had come. */
  const letProbe = async () => {
    const { id } = await quotaOfAskers()
    await service.updateKhqrQuotas({ id, next_probe_at: new Date(0) })
  }

  const sum = (reports: Awaited<ReturnType<Askers["ask"]>>) =>
    reports.reduce((total, { sent }) => total + sent, 0)

  it("lets 8 processes with one token ask exactly as often as its limit says", async () => {
    await start()
    const reports = await askers.ask({ calls: 40, atOnce: 4 })

    expect(bank.requests).toHaveLength(LIMIT)
    expect(sum(reports)).toBe(LIMIT)
    const outcomes = reports.map((report) => report.outcomes)
    for (const words of outcomes) {
      expect(
        Object.keys(words).filter(
          (word) => !["not_found", "quota_spent"].includes(word)
        )
      ).toEqual([])
    }
    expect(askers.told).toEqual(["khqr.quota.spent"])

    const again = await askers.ask({ calls: 10, atOnce: 2 })
    expect(sum(again)).toBe(0)
    expect(bank.requests).toHaveLength(LIMIT)
    const calls = await service.listKhqrEvents(
      { kind: "call", endpoint: "/v1/check_transaction_by_md5" },
      { take: 2 * LIMIT }
    )
    expect(calls).toHaveLength(LIMIT)
  })

  it("lets nothing through after the bank's refusal but one probe, of all processes", async () => {
    await start(60)
    await askers.ask({ calls: 40, atOnce: 1 })

    // Those that were under way when the first was refused.
    const arrived = bank.requests.length
    expect(arrived).toBeGreaterThan(60)
    expect(arrived).toBeLessThanOrEqual(60 + PROCESSES)
    const quota = await quotaOfAskers()
    expect(quota).toMatchObject({
      spent_by: "bank",
      refused: arrived - 60,
    })
    expect(quota.learned_limit).toBeGreaterThanOrEqual(60)
    expect(quota.learned_limit).toBeLessThan(60 + PROCESSES)

    await letProbe()
    await askers.ask({ calls: 10, atOnce: 2 })
    expect(bank.requests).toHaveLength(arrived + 1)

    // The bank's day begins anew.
    bank.reset()
    await letProbe()
    await askers.ask({ calls: 1, atOnce: 1 })
    const served = await askers.ask({ calls: 2, atOnce: 1 })
    expect(sum(served)).toBe(2 * PROCESSES)
    expect(askers.told).toEqual(["khqr.quota.spent", "khqr.quota.restored"])
  })
})
