import { wakeWaiting } from "../../src/modules/khqr/claims"
import { databaseOf, type Database } from "../../src/modules/khqr/database"
import type { Leases } from "../../src/modules/khqr/leases"
import KhqrModuleService from "../../src/modules/khqr/service"
import type { Charge } from "../../src/modules/khqr/types"
import { onKhqrModule } from "./world"

const HOUR = 3_600_000

jest.setTimeout(60_000)

onKhqrModule(({ service, MikroOrmWrapper }) => {
  let database: Database
  let sessions = 0

  beforeEach(() => {
    const knex = MikroOrmWrapper.getManager().getConnection().getKnex()
    database = databaseOf(knex as never)
  })

  const issue = (): Promise<Charge> =>
    service.issueCharge(
      {
        payment_session_id: `payses_${sessions++}`,
        amount: "11",
        currency_code: "usd",
      },
      "medusa"
    )
  const issueFor = async (next_check_at: Date): Promise<Charge> => {
    const { id } = await issue()
    await service.updateKhqrCharges({ id, next_check_at })
    return service.retrieveKhqrCharge(id)
  }
  const due = async ({ id }: Charge): Promise<boolean> =>
    (await service.retrieveKhqrCharge(id)).next_check_at! <= new Date()

  describe("charges that wait until the bank may be asked again", () => {
    it("are woken, and whoever holds one of them is not waited for", async () => {
      const [held, free] = [
        await issueFor(new Date(Date.now() + HOUR)),
        await issueFor(new Date(Date.now() + HOUR)),
      ]
      await database.transaction(async (sql) => {
        await sql("SELECT id FROM khqr_charge WHERE id = ? FOR UPDATE", [
          held.id,
        ])
        await wakeWaiting(database, new Date())
        expect(await due(free)).toBe(true)
      })
      expect(await due(held)).toBe(false)
    })

    it("ring for the clock, which need not find them by itself", async () => {
      await issueFor(new Date(Date.now() + HOUR))
      const heard = new Promise<string>((hear) => {
        service.bell.hear(({ type }) => hear(type))
      })
      const isHeard = heard.then(() => true)
      // Until it listens, nobody hears what is rung.
      for (;;) {
        await wakeWaiting(database, new Date())
        const soon = new Promise<false>((no) => setTimeout(no, 50, false))
        if (await Promise.race([isHeard, soon])) {
          break
        }
      }
      expect(await heard).toBe("due")
      await service.bell.close()
    })
  })

  describe("charges that were claimed and could not be read", () => {
    const leases = (): Leases => service["leases_"]
    const secondsLeft = async ({ id }: Charge): Promise<number> => {
      const [{ left }] = await database.sql<{ left: string }>(
        'SELECT extract(epoch FROM leased_until - now()) AS "left" FROM khqr_charge WHERE id = ?',
        [id]
      )
      return Number(left)
    }

    it.each([
      ["what is due", () => service.planRound()],
      ["one charge", ({ id }: Charge) => service.claimCheck(id)],
      ["some charges", ({ id }: Charge) => service.claimThese([id])],
    ])("are held by nobody: %s", async (_, claim) => {
      const charge = await issueFor(new Date(Date.now() - 1))
      const reading = jest
        .spyOn(KhqrModuleService.prototype, "listKhqrCharges")
        .mockRejectedValueOnce(new Error("The database is away"))
      await expect(claim(charge)).rejects.toThrow("The database is away")
      reading.mockRestore()

      await database.sql(
        "UPDATE khqr_charge SET leased_until = now() + interval '1 s' WHERE id = ?",
        [charge.id]
      )
      await leases().extend(new Date())
      expect(await secondsLeft(charge)).toBeLessThanOrEqual(1)
    })
  })
})
