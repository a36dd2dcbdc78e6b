import { createServer, get, type IncomingMessage, type Server } from "node:http"
import { once } from "node:events"
import type { AddressInfo } from "node:net"

import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import { ModulesSdkUtils } from "@medusajs/framework/utils"

import { databaseOf } from "../../src/modules/khqr/database"
import { Hub } from "../../src/modules/khqr/hub"
import {
  READ_PAGES,
  READ_VERSIONS,
  readPages,
  readVersions,
  versionOf,
  WRITE_WATCH,
  writeWatch,
} from "../../src/modules/khqr/hub-rows"
import { turnPage } from "../../src/modules/khqr/page-view"
import type { Charge } from "../../src/modules/khqr/types"
import { onKhqrModule } from "./world"

onKhqrModule(({ service, dbConfig }) => {
  const closers: (() => unknown)[] = []

  const openKnex = (): Knex => {
    const knex = ModulesSdkUtils.createPgConnection({
      clientUrl: dbConfig.clientUrl,
      driverOptions: { ssl: false, connection: { ssl: false } },
    } as never) as never as Knex
    closers.push(() => knex.destroy())
    return knex
  }

  const until = async (holds: () => Promise<boolean> | boolean) => {
    while (!(await holds())) {
      await new Promise((next) => setTimeout(next, 20))
    }
  }

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) {
      await close()
    }
  })

  const issue = (payment_session_id: string): Promise<Charge> =>
    service.issueCharge(
      { payment_session_id, amount: "11", currency_code: "usd" },
      "medusa"
    )

  describe("its statements", () => {
    it.each([
      [
        "reads pages",
        READ_PAGES,
        [
          ["a", "b"],
          ["a", "b"],
        ],
      ],
      [
        "looks at all pages",
        READ_VERSIONS,
        [
          ["a", "b"],
          ["a", "b"],
        ],
      ],
      [
        "writes who looks",
        WRITE_WATCH,
        [
          ["a", "b"],
          [new Date(), new Date()],
          [true, false],
          [null, new Date()],
          ["a", "b"],
        ],
      ],
    ])("find their index: %s", async (_, statement, values) => {
      const plan = await openKnex().transaction(async (trx) => {
        // On a table without rows nothing but a missing index is slower than reading it all.
        await trx.raw("SET LOCAL enable_seqscan = off")
        const { rows } = await trx.raw(`EXPLAIN ${statement}`, values as never)
        return rows.map((row: object) => Object.values(row)[0]).join("\n")
      })
      expect(plan).not.toContain("Seq Scan")
      expect(plan).toMatch(/Index/)
    })

    it("find their index beside many old charges, however many pages are open", async () => {
      const knex = openKnex()
      await issue("payses_model")
      await knex.raw(
        `INSERT INTO khqr_charge (id, reference, md5, qr, payment_session_id, amount, currency_code, khqr_amount, account_id, issued_at, expires_at, status)
         SELECT 'khqr_' || n, 'R' || n, 'm' || n, 'qr', 'payses_' || n, '11', 'usd', '11', 'a@b', now(), now(), 'expired'
         FROM generate_series(1, 20000) AS n`
      )
      await knex.raw("ANALYZE khqr_charge")
      const pages = Array.from({ length: 300 }, (_, n) => `payses_${n}`)
      for (const statement of [READ_PAGES, READ_VERSIONS]) {
        const { rows } = await knex.raw(`EXPLAIN ${statement}`, [pages, pages])
        const plan = rows.map((row: object) => Object.values(row)[0]).join("\n")
        expect(plan).not.toContain("Seq Scan")
      }
    })
  })

  describe("what it reads", () => {
    it("is what the shopper's own question is answered with", async () => {
      const database = databaseOf(openKnex())
      await issue("payses_a")
      await issue("payses_a")
      const moved = await issue("payses_b")
      await issue("payses_c")
      const key = await service.prepareAdoption(moved.id)
      await service.adoptCharge(key, "payses_d", "11")
      await service.letGo("payses_c", "medusa")

      const sessions = ["a", "b", "c", "d", "none"].map((x) => `payses_${x}`)
      const pages = await readPages(database, sessions)
      const versions = await readVersions(database, sessions)
      expect([...pages.keys()].sort()).toEqual(sessions.slice(0, -1))
      expect(versions.map(({ page }) => page).sort()).toEqual(
        sessions.slice(0, -1)
      )
      for (const [session, rows] of pages) {
        const now = new Date()
        const { view } = turnPage(rows, service.options.merchant, now)
        expect({ ...view, server_time: "" }).toEqual({
          ...(await service.viewSession(session)),
          server_time: "",
        })
        expect(versions.find(({ page }) => page === session)?.version).toBe(
          versionOf(rows)
        )
      }
      expect(pages.get("payses_b")![0].id).toBe(moved.id)
      expect(pages.get("payses_a")).toHaveLength(2)
    })

    it("is another version after each change that may be seen, and no other", async () => {
      const knex = openKnex()
      const database = databaseOf(knex)
      const { id } = await issue("payses_v")
      const version = async () =>
        (await readVersions(database, ["payses_v"]))[0].version
      const changes = async (set: string) => {
        const before = await version()
        await knex.raw(`UPDATE khqr_charge SET ${set} WHERE id = ?`, [id])
        return (await version()) !== before
      }
      for (const unseen of [
        "next_check_at = now(), checks = 5, leased_until = now()",
        "last_checked_at = now(), last_signal_at = now()",
        "watched_since = now()",
        "unwatched_at = now()",
      ]) {
        expect([unseen, await changes(unseen)]).toEqual([unseen, false])
      }
      for (const seen of [
        "deeplink = 'https://nbc.gov.kh/x'",
        "unknowns = 2",
        "last_outcome = 'unknown:quota_spent'",
        "expires_at = now()",
        "status = 'paid', bank_hash = 'h'",
        "review_reason = 'paid_late'",
        "resolution = 'refund'",
        "resolved_at = now()",
        "superseded_at = now()",
        "order_id = 'order_1'",
      ]) {
        expect([seen, await changes(seen)]).toEqual([seen, true])
      }
    })
  })

  describe("who looks", () => {
    const watch = async (knex: Knex, id: string) => {
      const { rows } = await knex.raw(
        "SELECT watched_since, unwatched_at FROM khqr_charge WHERE id = ?",
        [id]
      )
      return [rows[0].watched_since, rows[0].unwatched_at].map(
        (at: Date | null) => at?.getTime() ?? null
      )
    }

    it("is written of each charge, from when and until when, anew after it ended", async () => {
      const knex = openKnex()
      const database = databaseOf(knex)
      const { id } = await issue("payses_w")
      const note = (ms: number, watched: boolean) =>
        writeWatch(database, [{ id, at: new Date(ms), watched, began: null }])
      expect(await note(1, false)).toEqual([id])
      expect(await watch(knex, id)).toEqual([null, null])
      await note(2, true)
      await note(3, true)
      expect(await watch(knex, id)).toEqual([2, null])
      await note(4, false)
      await note(5, false)
      expect(await watch(knex, id)).toEqual([2, 4])
      await note(6, true)
      expect(await watch(knex, id)).toEqual([6, null])
    })

    it("is written in one where it ended before it could be, and ends nobody else's look", async () => {
      const knex = openKnex()
      const database = databaseOf(knex)
      const { id } = await issue("payses_short")
      const short = (from: number, to: number) =>
        writeWatch(database, [
          { id, at: new Date(to), watched: false, began: new Date(from) },
        ])
      await short(1, 2)
      expect(await watch(knex, id)).toEqual([1, 2])
      await short(3, 4)
      expect(await watch(knex, id)).toEqual([3, 4])
      await writeWatch(database, [
        { id, at: new Date(5), watched: true, began: null },
      ])
      expect(await short(6, 7)).toEqual([id])
      expect(await watch(knex, id)).toEqual([5, null])
    })

    it("is not written of a charge that is paid, nor of one that somebody is at work on", async () => {
      const knex = openKnex()
      const database = databaseOf(knex)
      const paid = await issue("payses_paid")
      const busy = await issue("payses_busy")
      const open = await issue("payses_open")
      await knex.raw("UPDATE khqr_charge SET status = 'paid' WHERE id = ?", [
        paid.id,
      ])
      const trx = await knex.transaction()
      await trx.raw("SELECT 1 FROM khqr_charge WHERE id = ? FOR UPDATE", [
        busy.id,
      ])
      const notes = [paid, busy, open].map(({ id }) => ({
        id,
        at: new Date(9),
        watched: true,
        began: null,
      }))
      expect(await writeWatch(database, notes)).toEqual([open.id])
      await trx.rollback()
      expect(await watch(knex, open.id)).toEqual([9, null])
      expect(await watch(knex, paid.id)).toEqual([null, null])
      expect(await writeWatch(database, notes.slice(1))).toHaveLength(2)
    })
  })

  describe("a hub", () => {
    const quiet = { info: () => {}, warn: () => {} }
    const deaf = { hear: () => () => {}, isListening: false } as never

    /** A server that answers everything with a stream of the session in its path. */
    const serve = async (
      hub: Hub
    ): Promise<{ server: Server; url: string }> => {
      const server = createServer(async (req, res) => {
        const session = req.url!.slice(1)
        const entrance = hub.enter(session, "127.0.0.1")
        if (!entrance) {
          res.writeHead(503).end()
          return
        }
        entrance.begin(req, res, (await service.viewSession(session))!)
      })
      await once(server.listen(0, "127.0.0.1"), "listening")
      closers.push(
        () => server.close(),
        () => server.closeAllConnections()
      )
      const { port } = server.address() as AddressInfo
      return { server, url: `http://127.0.0.1:${port}` }
    }

    const read = async (url: string) => {
      const [response] = (await once(
        get(url, { agent: false }),
        "response"
      )) as [IncomingMessage]
      const page = { status: response.statusCode, text: "", isOver: false }
      response.on("data", (chunk) => (page.text += chunk))
      response.on("error", () => {})
      response.on("close", () => (page.isOver = true))
      return page
    }

    const open = (knex: Knex, bell: never): Hub => {
      const hub = new Hub(databaseOf(knex), bell, service.options, quiet)
      closers.push(() => hub.close())
      return hub
    }

    it("finds what changed also where no ring is heard", async () => {
      const knex = openKnex()
      const { url } = await serve(open(knex, deaf))
      const charge = await issue("payses_deaf")
      const page = await read(`${url}/payses_deaf`)
      await until(() => page.text.includes(charge.qr))
      await knex.raw(
        "UPDATE khqr_charge SET status = 'completed', order_id = 'order_7' WHERE id = ?",
        [charge.id]
      )
      await until(() => page.isOver)
      expect(page.text).toContain('"order_id":"order_7"')
    })

    it("tells at once what was rung for, to all who look", async () => {
      const knex = openKnex()
      const { bell } = service
      const { url } = await serve(open(knex, bell as never))
      await issue("payses_rung")
      const pages = await Promise.all(
        Array.from({ length: 5 }, () => read(`${url}/payses_rung`))
      )
      await until(() => bell.isListening)
      await service.letGo("payses_rung", "medusa")
      for (const page of pages) {
        await until(() => page.text.includes('"superseded":true'))
        expect(page.text.match(/^event: charge$/gm)).toHaveLength(2)
      }
    })

    it("tells what was rung for between a stream's place and its begin", async () => {
      const database = databaseOf(openKnex())
      let ring = (_: { type: "changed"; payment_session_id: string }) => {}
      const reads: string[] = []
      const hub = new Hub(
        {
          ...database,
          sql: (query, values) => {
            reads.push(query)
            return database.sql(query, values)
          },
        },
        {
          hear: (listener: typeof ring) => {
            ring = listener
            return () => {}
          },
          isListening: true,
        } as never,
        service.options,
        quiet
      )
      closers.push(() => hub.close())
      const server = createServer(async (req, res) => {
        const session = req.url!.slice(1)
        const entrance = hub.enter(session, "127.0.0.1")!
        const view = (await service.viewSession(session))!
        await service.letGo(session, "medusa")
        ring({ type: "changed", payment_session_id: session })
        // What was rung for is read while nobody is there to be told.
        await until(() => reads.includes(READ_PAGES))
        await new Promise((next) => setTimeout(next, 500))
        entrance.begin(req, res, view)
      })
      await once(server.listen(0, "127.0.0.1"), "listening")
      closers.push(
        () => server.close(),
        () => server.closeAllConnections()
      )
      await issue("payses_between")
      const { port } = server.address() as AddressInfo
      const page = await read(`http://127.0.0.1:${port}/payses_between`)
      await until(() => page.text.includes('"superseded":true'))
      expect(page.text).toContain('"superseded":false')
    })

    it("goes on when the database was away", async () => {
      const knex = openKnex()
      const database = databaseOf(knex)
      let isAway = true
      const hub = new Hub(
        {
          ...database,
          sql: (query, values) =>
            isAway
              ? Promise.reject(new Error("away"))
              : database.sql(query, values),
        },
        deaf,
        service.options,
        {
          info: (text: string) => told.push(text),
          warn: (text: string) => told.push(text),
        } as never
      )
      const told: string[] = []
      closers.push(() => hub.close())
      const { url } = await serve(hub)
      await issue("payses_away")
      const page = await read(`${url}/payses_away`)
      await service.letGo("payses_away", "medusa")
      await until(() => told.length > 0)
      isAway = false
      await until(() => page.text.includes('"superseded":true'))
      await until(() => told.length > 1)
      expect(told).toEqual([
        expect.stringMatching(/told of no changes: away/),
        expect.stringMatching(/again/),
      ])
    })

    it("lets its server close: streams end by themselves", async () => {
      const knex = openKnex()
      const hub = open(knex, deaf)
      const { server, url } = await serve(hub)
      await issue("payses_closing")
      const page = await read(`${url}/payses_closing`)
      expect(hub.streams).toBe(1)
      server.close()
      await until(() => page.isOver)
      expect(page.text).toContain("event: charge")
      await until(() => hub.streams === 0)
    })

    it("ends all streams when the shop shuts down, takes no more, and nobody looks any more", async () => {
      const knex = openKnex()
      const hub = open(knex, deaf)
      const { url } = await serve(hub)
      const { id } = await issue("payses_end")
      const page = await read(`${url}/payses_end`)
      const column = async (name: "watched_since" | "unwatched_at") =>
        (await service.retrieveKhqrCharge(id))[name]
      await until(async () => (await column("watched_since")) !== null)
      expect(await column("unwatched_at")).toBeNull()
      await hub.close()
      await until(() => page.isOver)
      expect(await column("unwatched_at")).not.toBeNull()
      expect((await read(`${url}/payses_end`)).status).toBe(503)
    })

    it("moves its look to the KHQR that takes another's place", async () => {
      const knex = openKnex()
      const { url } = await serve(open(knex, deaf))
      const old = await issue("payses_moves")
      await read(`${url}/payses_moves`)
      await until(
        async () =>
          (await service.retrieveKhqrCharge(old.id)).watched_since !== null
      )
      const fresh = await issue("payses_moves")
      await until(
        async () =>
          (await service.retrieveKhqrCharge(fresh.id)).watched_since !== null &&
          (await service.retrieveKhqrCharge(old.id)).unwatched_at !== null
      )
    })

    it("tells of a KHQR's end, which no row tells of", async () => {
      const knex = openKnex()
      const { url } = await serve(open(knex, deaf))
      const { id, qr } = await issue("payses_over")
      await knex.raw(
        "UPDATE khqr_charge SET expires_at = now() + interval '3 seconds' WHERE id = ?",
        [id]
      )
      const page = await read(`${url}/payses_over`)
      await until(() => page.text.includes(qr))
      await until(() => page.text.includes('"qr":null'))
    })
  })
})
