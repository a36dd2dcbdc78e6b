import { databaseOf, type Database } from "../../src/modules/khqr/database"
import { Leases } from "../../src/modules/khqr/leases"
import { onKhqrModule } from "./world"

jest.setTimeout(60_000)

onKhqrModule(({ service, MikroOrmWrapper }) => {
  let database: Database
  let leases: Leases
  const warnings: string[] = []

  beforeEach(async () => {
    const knex = MikroOrmWrapper.getManager().getConnection().getKnex()
    database = databaseOf(knex as never)
    leases = new Leases(database, {
      warn: (message: string) => void warnings.push(message),
    } as never)
  })

  const issue = async (): Promise<string> => {
    const { id } = await service.issueCharge(
      {
        payment_session_id: `payses_${Math.random()}`,
        amount: "11",
        currency_code: "usd",
      },
      "medusa"
    )
    return id
  }
  const leaseFor = (id: string, seconds: number) =>
    database.sql(
      "UPDATE khqr_charge SET leased_until = now() + make_interval(secs => ?) WHERE id = ?",
      [seconds, id]
    )
  const secondsLeft = async (id: string): Promise<number | null> => {
    const [{ left }] = await database.sql<{ left: string | null }>(
      'SELECT extract(epoch FROM leased_until - now()) AS "left" FROM khqr_charge WHERE id = ?',
      [id]
    )
    return left === null ? null : Number(left)
  }
  const later = (ms: number) => new Date(Date.now() + ms)

  it("are extended while the work goes on, and run out after it", async () => {
    const [working, done] = [await issue(), await issue()]
    await leaseFor(working, 1)
    await leaseFor(done, 1)
    leases.hold([working, done], later(60_000))
    leases.end([done])

    await leases.extend(new Date())

    expect(await secondsLeft(working)).toBeGreaterThan(15)
    expect(await secondsLeft(done)).toBeLessThanOrEqual(1)
    leases.end([working])
  })

  it("are not taken again when the charge was given back meanwhile", async () => {
    const id = await issue()
    leases.hold([id], later(60_000))
    await leases.extend(new Date())
    expect(await secondsLeft(id)).toBeNull()
    leases.end([id])
  })

  it("end at the moment by which the work cannot be going on any more", async () => {
    const id = await issue()
    await leaseFor(id, 1)
    leases.hold([id], later(60_000))
    await leases.extend(later(60_000))
    expect(await secondsLeft(id)).toBeLessThanOrEqual(1)
  })

  it("wait for nobody who holds the row", async () => {
    const [held, free] = [await issue(), await issue()]
    await leaseFor(held, 1)
    await leaseFor(free, 1)
    leases.hold([held, free], later(60_000))
    await database.transaction(async (sql) => {
      await sql("SELECT id FROM khqr_charge WHERE id = ? FOR UPDATE", [held])
      await leases.extend(new Date())
    })
    expect(await secondsLeft(held)).toBeLessThanOrEqual(1)
    expect(await secondsLeft(free)).toBeGreaterThan(15)
    leases.end([held, free])
  })

  it("of a vanished process last for seconds, by the database's clock", async () => {
    const id = await issue()
    await service.updateKhqrCharges({ id, next_check_at: new Date(1_000) })
    expect(await service.planRound()).toHaveLength(1)
    const left = await secondsLeft(id)
    expect(left).toBeGreaterThan(15)
    expect(left).toBeLessThanOrEqual(20)
    service.giveUp([id])
  })
})
