import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { Staff } from "./staff"
import { startBank, World } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-charges",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const staff = new Staff(api, world)

    beforeAll(() => world.open())
    beforeEach(() => staff.login())

    const idsOf = async (query: string): Promise<string[]> => {
      const { status, data } = await staff.get(`/charges?${query}`)
      expect({ query, status, data }).toMatchObject({ status: 200 })
      return data.charges.map(({ id }: { id: string }) => id)
    }

    it("finds charges by what staff know of them", async () => {
      const open = await world.checkout()
      const riel = await world.checkout("khr")
      const paid = await world.checkout()
      const odd = await world.checkout()
      await world.tick()
      const [{ hash }] = bank().pay({ qr: paid.qr })
      bank().pay({ qr: odd.qr, amount: 4 })
      await world.tick()
      const { reference, md5, order_id } = await world.charge(paid.chargeId)

      expect(await idsOf("")).toEqual([
        odd.chargeId,
        paid.chargeId,
        riel.chargeId,
        open.chargeId,
      ])
      const finds: [string, string[]][] = [
        ["status=completed", [paid.chargeId]],
        ["status=completed,paid", [odd.chargeId, paid.chargeId]],
        ["review=open", [odd.chargeId]],
        ["review=amount_mismatch", [odd.chargeId]],
        ["review=paid_late", []],
        ["currency=khr", [riel.chargeId]],
        ["evidence=khqr&currency=usd", [odd.chargeId, paid.chargeId]],
        ["mode=static", []],
        [`q=${reference.toLowerCase()}`, [paid.chargeId]],
        [`q=${md5.toUpperCase()}`, [paid.chargeId]],
        [`q=${hash}`, [paid.chargeId]],
        [`q=${hash.slice(0, 8).toUpperCase()}`, [paid.chargeId]],
        [`q=${order_id}`, [paid.chargeId]],
        [`q=${odd.cartId}`, [odd.chargeId]],
        [`q=${odd.sessionId}`, [odd.chargeId]],
        ["q=%25", []],
        ["issued_to=2020-01-01", []],
        ["issued_from=2999-01-01T00:00:00Z", []],
        ["limit=1&offset=1", [paid.chargeId]],
      ]
      for (const [query, ids] of finds) {
        expect({ query, ids: await idsOf(query) }).toEqual({ query, ids })
      }
      const { data } = await staff.get("/charges?limit=1")
      expect(data).toMatchObject({ count: 4, limit: 1, offset: 0 })

      for (const query of [
        "limit=201",
        "limit=0",
        "offset=-1",
        "status=lost",
        "review=none",
        "issued_from=yesterday",
        "order=adoption_key",
      ]) {
        const { status } = await staff.get(`/charges?${query}`)
        expect({ query, status }).toEqual({ query, status: 400 })
      }
    })

    it("shows one charge with its history, its refunds and what may be decided, by id, reference or md5", async () => {
      const { chargeId, qr } = await world.checkout()
      bank().pay({ qr, amount: 4 })
      await world.tick()
      const { reference, md5 } = await world.charge(chargeId)
      for (const name of [chargeId, reference, md5]) {
        const { charge, history, refunds } = await staff.read(name)
        expect(charge).toMatchObject({
          id: chargeId,
          explanation: expect.stringContaining("4 USD came"),
          resolutions: ["settle", "attach", "refund", "dismiss"],
        })
        expect(history[0]).toMatchObject({ kind: "issued", actor: "medusa" })
        expect(history.at(-1)).toMatchObject({
          review_reason: "amount_mismatch",
          request_id: expect.any(String),
        })
        expect(refunds).toEqual([])
      }
      expect((await staff.get("/charges/khqr_none")).status).toBe(404)
    })

    it("reads no whole table for what staff search, and sorts none for the list", async () => {
      await world.checkout()
      const knex = world.container.resolve(
        ContainerRegistrationKeys.PG_CONNECTION
      )
      const seen: { sql: string; bindings: unknown[] }[] = []
      const hear = (query: { sql: string; bindings: unknown[] }) =>
        void (/from "khqr_charge"/.test(query.sql) && seen.push(query))
      knex.on("query", hear)
      await idsOf("q=deadbeef")
      await idsOf("")
      knex.off("query", hear)
      const lists = seen.filter(({ sql }) => /order by/.test(sql))
      expect(lists).toHaveLength(2)
      for (const { sql, bindings } of lists) {
        const plan = await knex.transaction(async (own) => {
          await own.raw("SET LOCAL enable_seqscan = off")
          const { rows } = await own.raw(
            `EXPLAIN ${sql.replace(/\$\d+/g, "?")}`,
            bindings as never
          )
          return JSON.stringify(rows)
        })
        expect(plan).not.toContain("Seq Scan on khqr_charge")
        if (!/deadbeef/.test(JSON.stringify(bindings) + sql)) {
          expect(plan).not.toContain("Sort")
        }
      }
    })

    it("tells nobody by which key a session takes a charge over", async () => {
      const { chargeId, qr, sessionId } = await world.checkout()
      bank().pay({ qr, amount: 4 })
      await world.tick()
      const key = await world.khqr.prepareAdoption(chargeId)
      const answers = [
        await staff.get("/charges"),
        await staff.get("/charges.csv"),
        await staff.get(`/charges/${chargeId}`),
        await staff.post(`/charges/${chargeId}/check`),
        await staff.post(`/charges/${chargeId}/diagnose`),
        await staff.post(`/charges/${chargeId}/receipt`, {
          hash: "0".repeat(8),
        }),
        await staff.resolve(chargeId, { resolution: "dismiss" }),
        await world.get(`/store/khqr/payment-sessions/${sessionId}`),
      ]
      for (const { status, data } of answers) {
        expect(status).toBe(200)
        const text = JSON.stringify(data)
        expect(text).not.toContain(key)
        expect(text).not.toContain("adoption_key")
        expect(text).not.toContain(bank().token)
      }
    })

    it("exports what the filters leave, page by page, with nothing that a spreadsheet would run", async () => {
      const { chargeId, qr } = await world.checkout()
      bank().pay({
        qr,
        amount: 4,
        fromAccountId: '=HYPERLINK("http://evil","x")@devb',
      })
      await world.tick()
      // More than two pages of others.
      const columns = await world.sql<{ name: string }>(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'khqr_charge' AND column_name NOT IN ('id', 'reference', 'md5', 'payment_session_id', 'bank_hash')"
      )
      const same = columns.map(({ name }) => name).join(", ")
      await world.sql(
        `INSERT INTO khqr_charge (id, reference, md5, payment_session_id, ${same})
         SELECT 'khqr_0' || n, 'KHX' || n, md5(n::text), 'payses_' || n, ${same}
         FROM khqr_charge, generate_series(1000, 2200) AS n WHERE id = ?`,
        [chargeId]
      )

      const all = await staff.get("/charges.csv")
      expect(all.headers["content-type"]).toMatch(/^text\/csv/)
      expect(all.headers["content-disposition"]).toContain("khqr-charges.csv")
      const lines = (all.data as string).split("\r\n")
      expect(lines[0]).toMatch(/^id,reference,status,/)
      expect(lines.at(-1)).toBe("")
      const ids = lines.slice(1, -1).map((line) => line.split(",")[0])
      expect(ids).toHaveLength(1_202)
      expect(new Set(ids).size).toBe(1_202)

      const one = await staff.get(`/charges.csv?q=${chargeId}`)
      expect((one.data as string).split("\r\n")).toHaveLength(3)
      expect(one.data).toContain(`"'=HYPERLINK(""http://evil"",""x"")@devb"`)
      expect((await staff.get("/charges.csv?status=lost")).status).toBe(400)
      const none = await staff.get("/charges.csv?status=expired")
      expect((none.data as string).split("\r\n")).toHaveLength(2)
    })
  },
})
