import type { AxiosInstance } from "axios"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import {
  READ_PAGES,
  READ_VERSIONS,
  WRITE_WATCH,
} from "../../src/modules/khqr/hub-rows"
import { STREAMS_PER_SESSION } from "../../src/modules/khqr/hub-seats"
import { startWith } from "./options"
import { Reader } from "./reader"
import { eventually, startBank, World } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-events",
  hooks: {
    // The hardest case: a shop that compresses all it can.
    beforeServerStart: async (container) => {
      const { projectConfig } = container.resolve(
        ContainerRegistrationKeys.CONFIG_MODULE
      )
      projectConfig.http.compression = { enabled: true, threshold: 0 }
    },
  },
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const readers: Reader[] = []
    let restore: (() => void) | undefined

    beforeAll(() => world.open())
    afterEach(async () => {
      restore?.()
      restore = undefined
      readers.splice(0).forEach((reader) => reader.close())
      await eventually(async () => expect(world.khqr.hub.streams).toBe(0))
    })

    const read = async (
      sessionId: string,
      headers: Record<string, string> = {},
      options?: { method: string }
    ): Promise<Reader> => {
      const { baseURL } = (api as AxiosInstance).defaults
      const reader = await Reader.open(
        `${baseURL}/store/khqr/payment-sessions/${sessionId}/events`,
        {
          ...world.headers.headers,
          "accept-encoding": "gzip, br",
          ...headers,
        },
        options
      )
      readers.push(reader)
      return reader
    }

    const change = (chargeId: string, changes: Record<string, unknown>) =>
      world.khqr.updateKhqrCharges({ id: chargeId, ...changes })

    const ring = (sessionId: string) =>
      world.sql("SELECT pg_notify('khqr', ?)", [`changed:${sessionId}`])

    it("tells a page what it shows, that it is paid, and the order, and ends", async () => {
      const { sessionId, qr, chargeId, cartId } = await world.checkout()
      const page = await read(sessionId)
      expect(page.status).toBe(200)
      expect(page.response.headers).toMatchObject({
        "content-type": "text/event-stream",
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no",
      })
      expect(page.response.headers["content-encoding"]).toBeUndefined()
      await page.shows({ status: "pending", qr })
      expect(page.asides).toEqual(["retry: 2000"])

      bank().pay({ qr })
      // Who holds the cart keeps the shop's own clock from making the order.
      const locking = getContainer().resolve(Modules.LOCKING)
      await locking.execute(cartId, async () => {
        await world.recordPayment(chargeId)
        await page.shows({ status: "paid", qr: null, order_id: null })
      })
      await world.tick()
      const { charge } = await page.shows({ status: "completed" })
      await page.ended()
      expect(charge).toEqual({
        ...(await world.view(sessionId)),
        server_time: charge.server_time,
      })
      const kinds = new Set(page.events.map(({ event }) => event))
      expect([...kinds]).toEqual(["charge"])
      const ids = page.events.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)

      const { bank_hash, payer_account } = await world.charge(chargeId)
      expect(page.text).not.toContain(bank_hash)
      expect(page.text).not.toContain(payer_account)
      expect(page.text).not.toContain(process.env.BAKONG_TOKEN)
    })

    it("tells a page that comes back what it has not seen, and nothing else", async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      const first = await read(sessionId)
      const { id } = await first.shows({ status: "pending" })
      first.close()

      const again = await read(sessionId, { "last-event-id": id })
      await change(chargeId, { deeplink: "https://nbc.gov.kh/x" })
      await ring(sessionId)
      await again.shows({ deeplink: "https://nbc.gov.kh/x" })
      expect(again.events).toHaveLength(1)
      again.close()

      bank().pay({ qr })
      await world.tick()
      const last = await read(sessionId, { "last-event-id": id })
      const done = await last.shows({ status: "completed" })
      await last.ended()
      expect(last.events).toHaveLength(1)
      // Who asks all the same is told that this is the end.
      const over = await read(sessionId, { "last-event-id": done.id })
      await over.shows({ status: "completed" })
      await over.ended()
    })

    it("tells a page of a session whose charge another one took over", async () => {
      const { sessionId, chargeId, qr } = await world.checkout()
      bank().pay({ qr })
      await world.recordPayment(chargeId)
      const page = await read(sessionId)
      await page.shows({ status: "paid", payment_session_id: sessionId })
      const key = await world.khqr.prepareAdoption(chargeId)
      await world.khqr.adoptCharge(key, "payses_other", "11")
      await page.shows({ id: chargeId, payment_session_id: "payses_other" })
    })

    it("refuses as the plain view does: no such session, no key", async () => {
      const path = "/store/khqr/payment-sessions/payses_none"
      const unknown = await world.get(path)
      const page = await read("payses_none")
      expect(page.status).toBe(404)
      expect(await page.json()).toEqual(unknown.data)

      const { sessionId } = await world.checkout()
      const keyless = await read(sessionId, { "x-publishable-api-key": "" })
      expect(keyless.status).toBe(400)
      expect(keyless.response.headers["content-type"]).toContain("json")
      await keyless.ended()
      expect(world.khqr.hub.streams).toBe(0)
    })

    it("answers HEAD without a stream", async () => {
      const { sessionId } = await world.checkout()
      const page = await read(sessionId, {}, { method: "HEAD" })
      expect(page.status).toBe(200)
      await page.ended()
    })

    it("takes so many streams for a session, and one more when one closed", async () => {
      const { sessionId } = await world.checkout()
      const pages = await Promise.all(
        Array.from({ length: STREAMS_PER_SESSION }, () => read(sessionId))
      )
      expect(pages.map(({ status }) => status)).not.toContain(503)
      const refused = await read(sessionId)
      expect(refused.status).toBe(503)
      expect(Number(refused.response.headers["retry-after"])).toBeGreaterThan(0)
      expect(await refused.json()).toEqual({
        type: expect.any(String),
        code: "too_many_streams",
        message: expect.any(String),
      })
      // The page can still read.
      expect(await world.view(sessionId)).toMatchObject({ status: "pending" })
      pages[0].close()
      await eventually(async () =>
        expect((await read(sessionId)).status).toBe(200)
      )
    })

    it("takes so many streams from an address, and so many in all", async () => {
      restore = startWith(world, { streams: { perAddress: 2, perProcess: 4 } })
      const { sessionId } = await world.checkout()
      const from = async (address: string) =>
        (await read(sessionId, { "x-forwarded-for": address })).status
      expect(await from("203.0.113.1")).toBe(200)
      expect(await from("203.0.113.1")).toBe(200)
      expect(await from("203.0.113.1")).toBe(503)
      expect(await from("203.0.113.2")).toBe(200)
      expect(await from("203.0.113.3")).toBe(200)
      expect(await from("203.0.113.4")).toBe(503)
    })

    it("drops a reader who does not read, and nobody else", async () => {
      const { sessionId, chargeId } = await world.checkout()
      const good = await read(sessionId)
      const slow = await read(sessionId)
      await slow.shows({ status: "pending" })
      slow.stop()
      // A page's view is small; with larger ones the network's own buffers are soon full.
      for (let round = 0; world.khqr.hub.streams === 2; round++) {
        expect(round).toBeLessThan(60)
        const deeplink = `https://nbc.gov.kh/${round}/${"x".repeat(1_000_000)}`
        await change(chargeId, { deeplink })
        await ring(sessionId)
        await good.shows({ deeplink })
      }
      await change(chargeId, { deeplink: null })
      await ring(sessionId)
      await good.shows({ deeplink: null })
    })

    it("frees the place of a reader who is gone, also before the first event", async () => {
      restore = startWith(world, { streams: { perProcess: 1 } })
      const { sessionId } = await world.checkout()
      for (let round = 0; round < 5; round++) {
        const page = await eventually(async () => {
          const opened = await read(sessionId)
          expect(opened.status).toBe(200)
          return opened
        })
        page.close()
      }
    })

    it("writes who looks: a stream, no stream for a while, a plain read", async () => {
      const watch = async (chargeId: string) => {
        const charge = await world.charge(chargeId)
        return {
          since: charge.watched_since?.getTime() ?? null,
          until: charge.unwatched_at?.getTime() ?? null,
        }
      }
      const open = await world.checkout()
      const polled = await world.checkout()
      expect(await watch(open.chargeId)).toEqual({ since: null, until: null })
      const before = Date.now()
      const page = await read(open.sessionId)
      await world.view(polled.sessionId)
      const first = await eventually(async () => {
        const seen = await watch(open.chargeId)
        expect(seen).toEqual({ since: expect.any(Number), until: null })
        return seen
      })
      expect(first.since).toBeGreaterThanOrEqual(before)

      // The page is loaded again: nobody stopped looking.
      page.close()
      const again = await read(open.sessionId)
      await eventually(async () =>
        expect(await watch(polled.chargeId)).toEqual({
          since: expect.any(Number),
          until: null,
        })
      )
      // The last page closed at another process, which knows nothing of this one.
      await change(open.chargeId, { unwatched_at: new Date() })
      const second = await eventually(async () => {
        const seen = await watch(open.chargeId)
        expect(seen.until).toBeNull()
        return seen
      })
      expect(second.since).toBeGreaterThan(first.since!)

      again.close()
      for (const { chargeId } of [open, polled]) {
        await eventually(
          async () =>
            expect(await watch(chargeId)).toEqual({
              since: expect.any(Number),
              until: expect.any(Number),
            }),
          40_000
        )
      }
    })

    it("asks the database twice a second at most, however many are open and whatever changes", async () => {
      restore = startWith(world, { streams: { perAddress: 1_000 } })
      const checkouts = []
      for (let count = 0; count < 6; count++) {
        checkouts.push(await world.checkout())
      }
      const pages = await Promise.all(
        checkouts.flatMap(({ sessionId }) =>
          Array.from({ length: 15 }, () => read(sessionId))
        )
      )
      const knex: Knex = world.container.resolve(
        ContainerRegistrationKeys.PG_CONNECTION
      )
      const statements = [READ_PAGES, READ_VERSIONS, WRITE_WATCH].map(
        (statement) => statement.slice(0, 60)
      )
      let asked = 0
      const count = ({ sql }: { sql: string }) => {
        asked += Number(statements.some((start) => sql.startsWith(start)))
      }
      knex.on("query", count)
      const begun = Date.now()
      let deeplink = ""
      for (let round = 0; Date.now() - begun < 6_000; round++) {
        deeplink = `https://nbc.gov.kh/${round}`
        await world.sql("UPDATE khqr_charge SET deeplink = ?", [deeplink])
        await Promise.all(checkouts.map(({ sessionId }) => ring(sessionId)))
      }
      await Promise.all(pages.map((page) => page.shows({ deeplink })))
      const seconds = (Date.now() - begun) / 1_000
      knex.removeListener("query", count)
      expect(asked).toBeGreaterThan(0)
      expect(asked).toBeLessThanOrEqual(2 * seconds + 1)
      expect(pages.some(({ isEnded }) => isEnded)).toBe(false)
    })

    it("keeps a quiet stream alive with a comment", async () => {
      const { sessionId } = await world.checkout()
      const page = await read(sessionId)
      await eventually(async () => expect(page.text).toMatch(/^: $/m), 30_000)
      expect(page.events).toHaveLength(1)
    })

    it("ends all streams when the shop shuts down", async () => {
      const { sessionId } = await world.checkout()
      const page = await read(sessionId)
      await page.shows({ status: "pending" })
      await world.khqr.hub.close()
      await page.ended()
      expect((await read(sessionId)).status).toBe(503)
    })
  },
})
