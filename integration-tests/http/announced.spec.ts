import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { createApiKeysWorkflow } from "@medusajs/medusa/core-flows"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { FakeTelegram, Forwarder, GROUP, RestlessShop } from "./notices"
import { Staff } from "./staff"
import { eventually, startBank, World } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-announced",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const staff = new Staff(api, world)
    let key: { id: string; token: string }

    beforeAll(async () => {
      await world.open()
    })

    beforeEach(async () => {
      await staff.login()
      const { result } = await createApiKeysWorkflow(world.container).run({
        input: {
          api_keys: [{ title: "Notices", type: "secret", created_by: "" }],
        },
      })
      key = result[0]
    })

    const basic = (token: string) =>
      `Basic ${Buffer.from(`${token}:`).toString("base64")}`

    const announce = async (
      body: unknown,
      headers: Record<string, string> = { authorization: basic(key.token) }
    ) =>
      api.post("/admin/khqr/signals", body, {
        headers,
        validateStatus: () => true,
      })

    /** A KHQR that nobody would ask about for an hour. */
    const checkoutQuietly = async (currency: "usd" | "khr" = "usd") => {
      const checkout = await world.checkout(currency)
      // What is under way plans its next question once more.
      await eventually(async () => {
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [checkout.chargeId]
        )
        const { leased_until } = await world.charge(checkout.chargeId)
        expect(leased_until).toBeNull()
      })
      return checkout
    }

    const becomesOrder = (chargeId: string) =>
      eventually(async () =>
        expect(await world.charge(chargeId)).toMatchObject({
          status: "completed",
          evidence: "khqr",
        })
      )

    const signalsOf = async (chargeId: string) =>
      world.khqr.listKhqrEvents({ charge_id: chargeId, kind: "signal" })

    describe("POST /admin/khqr/signals", () => {
      it("has a paid charge asked about at once, and its order is made", async () => {
        const { chargeId, qr } = await checkoutQuietly()
        const { reference } = await world.charge(chargeId)
        bank().pay({ qr })

        const { status, data } = await announce({
          amount: "11.00",
          currency_code: "USD",
        })

        expect({ status, data }).toMatchObject({
          status: 200,
          data: {
            signalled: [{ id: chargeId, reference, status: "pending" }],
            matched: 1,
            message: expect.stringContaining("1 KHQR over 11.00 USD"),
          },
        })
        await becomesOrder(chargeId)
        expect(await world.orders()).toHaveLength(1)
        expect(await signalsOf(chargeId)).toMatchObject([
          { actor: key.id, message: "announced 11.00 USD" },
        ])
      })

      it("is no evidence: an unpaid charge is asked about and stays pending", async () => {
        const { chargeId, sessionId } = await checkoutQuietly()
        const { checks } = await world.charge(chargeId)

        await announce({ amount: 11, currency_code: "usd" })

        await eventually(async () =>
          expect((await world.charge(chargeId)).checks).toBeGreaterThan(checks)
        )
        expect(await world.charge(chargeId)).toMatchObject({
          status: "pending",
          evidence: null,
          last_outcome: "not_found",
          last_signal: "announced",
        })
        expect(await world.view(sessionId)).toMatchObject({
          status: "pending",
          in_review: false,
        })
        expect(await world.orders()).toEqual([])
      })

      it("takes a logged-in admin's word, who is named in the history", async () => {
        const { chargeId } = await checkoutQuietly("khr")
        const { status, data } = await staff.post("/signals", {
          amount: 44_000,
          currency_code: "khr",
          paid_at: Date.now(),
        })
        expect({ status, data }).toMatchObject({
          status: 200,
          data: { matched: 1 },
        })
        expect(await signalsOf(chargeId)).toMatchObject([
          {
            actor: expect.stringMatching(/^user_/),
            message: "announced 44,000 KHR",
          },
        ])
      })

      it("answers 401 to all but secret keys and admins", async () => {
        const { chargeId } = await checkoutQuietly()
        const strangers: Record<string, Record<string, string>> = {
          nobody: {},
          shopper: world.headers.headers,
          publishable: { authorization: basic(world.shop.publishableKey) },
          made_up: { authorization: basic("sk_made_up") },
          as_token: { authorization: `Bearer ${key.token}` },
        }
        for (const [who, headers] of Object.entries(strangers)) {
          const { status } = await announce(
            { amount: "11", currency_code: "usd" },
            headers
          )
          expect({ who, status }).toEqual({ who, status: 401 })
        }
        expect((await world.charge(chargeId)).last_signal).toBeNull()
      })

      it("answers 200 when nothing matches, and says so", async () => {
        const { status, data } = await announce({
          amount: "12.5",
          currency_code: "usd",
          reference: "176015291049703",
          paid_at: "2026-11-21T15:04:05+07:00",
        })
        expect({ status, data }).toEqual({
          status: 200,
          data: {
            signalled: [],
            matched: 0,
            message:
              "No open KHQR that was issued before paid_at asks for 12.50 USD.",
          },
        })
      })

      it("answers 400 when the reference is that of a KHQR over other money", async () => {
        const { chargeId } = await checkoutQuietly()
        const { reference } = await world.charge(chargeId)
        const { status, data } = await announce({
          amount: "12.5",
          currency_code: "usd",
          reference,
        })
        expect({ status, data }).toMatchObject({
          status: 400,
          data: {
            message: `reference names KHQR ${reference}, which asks for 11.00 USD, and 12.50 USD was announced. Announce what came, or leave the reference out.`,
          },
        })
      })

      it("refuses what it cannot read, and names the field and the mend", async () => {
        const cases: [unknown, RegExp][] = [
          [{ currency_code: "usd" }, /'amount' is required/],
          [{ amount: "11" }, /'currency_code' is required/],
          [{ amount: "11", currency_code: "eur" }, /usd, khr.*'currency_code'/],
          [{ amount: "1,000", currency_code: "khr" }, /amount.*plain decimal/],
          [
            { amount: 0.1 + 0.2, currency_code: "usd" },
            /amount.*finer than a cent/,
          ],
          [
            { amount: "100.5", currency_code: "khr" },
            /amount.*fraction of a riel/,
          ],
          [{ amount: "-1", currency_code: "usd" }, /amount.*negative/],
          [{ amount: "0", currency_code: "usd" }, /amount.*zero/],
          [{ amount: 1e21, currency_code: "khr" }, /amount/],
          [{ amount: true, currency_code: "usd" }, /'amount'/],
          [{ amount: "11", currency_code: "usd", reference: " " }, /reference/],
          [
            { amount: "11", currency_code: "usd", paid_at: "today" },
            /paid_at must be ISO 8601/,
          ],
          [
            { amount: "11", currency_code: "usd", paid_at: 1_763_712_000 },
            /paid_at.*ms since 1970/,
          ],
          [{ amount: "11", currency_code: "usd", paid_at: 1e300 }, /paid_at/],
          [
            { amount: "11", currency_code: "usd", text: "$11" },
            /Unrecognized fields: 'text'/,
          ],
          [[], /./],
        ]
        for (const [body, message] of cases) {
          const { status, data } = await announce(body)
          expect({ body, status, message: data.message }).toEqual({
            body,
            status: 400,
            message: expect.stringMatching(message),
          })
        }
      })

      it("answers 429 to a forwarder that runs wild, and says when to come back", async () => {
        const body = { amount: "99", currency_code: "usd" }
        expect((await announce(body)).status).toBe(200)
        await world.sql(
          "UPDATE khqr_attempt SET count = 60, window_started_at = now() WHERE id = ?",
          [`announcement:actor:${key.id}`]
        )

        const { status, data, headers } = await announce(body)

        expect({ status, data }).toMatchObject({
          status: 429,
          data: {
            code: "too_many_announcements",
            message: expect.stringContaining(
              "At most 60 announcements a minute"
            ),
          },
        })
        expect(Number(headers["retry-after"])).toBeGreaterThan(0)
        // Another one's are heard.
        expect((await staff.post("/signals", body)).status).toBe(200)
      })
    })

    describe("the example forwarder", () => {
      const telegram = new FakeTelegram()
      const running: Forwarder[] = []
      let folder: string

      beforeAll(async () => {
        await telegram.start()
        folder = await mkdtemp(join(tmpdir(), "notices-"))
      })

      afterEach(async () => {
        await Promise.all(running.splice(0).map((child) => child.stop()))
      })

      afterAll(async () => {
        await telegram.stop()
        await rm(folder, { recursive: true, force: true })
      })

      const stateFile = () => join(folder, "state.json")

      const start = (environment: Record<string, string> = {}) => {
        const forwarder = new Forwarder({
          MEDUSA_URL: api.defaults.baseURL!,
          MEDUSA_SECRET_KEY: key.token,
          STATE_FILE: stateFile(),
          ...environment,
        })
        running.push(forwarder)
        return forwarder
      }

      const notice = (amount: string) =>
        `${amount} paid by SOK DARA (*123) on Nov 21, 10:21 AM via ABA KHQR (Wing Bank) at PHSAR TOUL DEMO. Trx. ID: 176015291049703, APV: 691804.`

      it("brings a Telegram notice to the shop, and the order is made", async () => {
        const { chargeId, qr } = await checkoutQuietly()
        const forwarder = start(telegram.environment)
        await eventually(async () => expect(telegram.asked).toEqual([null]))
        bank().pay({ qr })

        telegram.post("$11.00 paid by a stranger", { chat: GROUP - 1 })
        telegram.post(notice("$11.00"), { agoMs: 3_600_000 })
        telegram.post("See you tomorrow")
        telegram.post(notice("$11.00"))

        await becomesOrder(chargeId)
        expect(await world.orders()).toHaveLength(1)
        expect(await signalsOf(chargeId)).toMatchObject([{ actor: key.id }])
        // It goes on from there after a restart.
        await eventually(async () =>
          expect(JSON.parse(await readFile(stateFile(), "utf8"))).toEqual({
            offset: 704,
          })
        )
        expect(await forwarder.stop()).toBe(0)
        expect(forwarder.output).toContain("given up, the notice is too old")
        expect(forwarder.output).toContain("1 KHQR over 11.00 USD")
        expect(forwarder.output).not.toMatch(/SOK DARA|telegram-tests|sk_/)

        telegram.asked.length = 0
        start(telegram.environment)
        await eventually(async () => expect(telegram.asked).toEqual([704]))
      })

      const addressOf = async (forwarder: Forwarder) =>
        eventually(async () => {
          const found = /POST (http:\S+)/.exec(forwarder.output)
          expect(found).not.toBeNull()
          return found![1]
        })

      const sendSms = async (
        url: string,
        body: string,
        { secret = "loopback-only", type = "text/plain" } = {}
      ): Promise<{ status: number; message?: string }> => {
        const answer = await fetch(url, {
          method: "POST",
          headers: { authorization: `Bearer ${secret}`, "content-type": type },
          body,
        })
        const { message } = (await answer.json()) as { message?: string }
        return { status: answer.status, message }
      }

      it("brings an SMS to the shop, for those who know the secret", async () => {
        const { chargeId, qr } = await checkoutQuietly("khr")
        const forwarder = start({ SMS_PORT: "0", SMS_SECRET: "loopback-only" })
        const url = await addressOf(forwarder)
        const send = async (secret: string, type: string, body: string) =>
          (await sendSms(url, body, { secret, type })).status
        const text = "បានទទួល ៤៤,០០០ រៀល ពី Sok Dara, លេខយោង 52841750404"
        const json = JSON.stringify({ from: "ACLEDA", text })
        bank().pay({ qr })

        expect(await send("guessed", "application/json", json)).toBe(401)
        const broken = await sendSms(url, "{", { type: "application/json" })
        expect(broken.status).toBe(400)
        expect(broken.message).toMatch(/not JSON/)
        const empty = await sendSms(url, "{}", { type: "application/json" })
        expect(empty.status).toBe(400)
        expect(empty.message).toMatch(/text, message, body or content/)
        expect(
          await send("loopback-only", "text/plain", "x".repeat(20_000))
        ).toBe(400)
        expect(await send("loopback-only", "text/plain", "Hello")).toBe(200)
        expect((await world.charge(chargeId)).last_signal).toBeNull()
        expect(await send("loopback-only", "application/json", json)).toBe(202)

        await becomesOrder(chargeId)
        expect(
          await send(
            "loopback-only",
            "application/x-www-form-urlencoded",
            new URLSearchParams({ message: text }).toString()
          )
        ).toBe(202)
        await eventually(async () =>
          expect(forwarder.output).toContain("No open KHQR asks for 44,000 KHR")
        )
      })

      it("ends when the shop refuses its key, and forgets nothing", async () => {
        const { chargeId } = await checkoutQuietly()
        const { environment } = telegram
        telegram.post(notice("$11.00"))
        const refused = start({ ...environment, MEDUSA_SECRET_KEY: "sk_old" })

        expect(await refused.ended()).toBe(1)
        expect(refused.output).toContain("The shop refuses the key (401)")
        expect(refused.output).not.toContain("sk_old")

        start(environment)
        await eventually(async () =>
          expect(await signalsOf(chargeId)).toHaveLength(1)
        )
      })

      it("has the gateway send an SMS again when the shop refuses its key, or has not heard", async () => {
        const sms = { SMS_PORT: "0", SMS_SECRET: "loopback-only" }
        const refused = start({ ...sms, MEDUSA_SECRET_KEY: "sk_old" })
        const text = notice("$11.00")
        const { status, message } = await sendSms(
          await addressOf(refused),
          text
        )
        expect(status).toBe(502)
        expect(message).toMatch(/forwarder's log/)
        expect(await refused.ended()).toBe(1)
        expect(refused.output).toContain("The shop refuses the key (401)")

        const shop = await RestlessShop.open()
        const trying = start({ ...sms, MEDUSA_URL: shop.url })
        const url = await addressOf(trying)
        expect((await sendSms(url, text)).status).toBe(503)
        await eventually(async () => {
          expect((await sendSms(url, text)).status).toBe(202)
        })
        await shop.close()
      })

      it("tries again until the shop has heard, and sends nothing but the money", async () => {
        const shop = await RestlessShop.open()
        telegram.post(notice("៛44,000"))
        start({ ...telegram.environment, MEDUSA_URL: shop.url })

        await eventually(async () => expect(shop.heard).toHaveLength(4))

        await shop.close()
        const money = {
          amount: "44000",
          currency_code: "khr",
          paid_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        }
        expect(shop.heard).toEqual([money, money, money, money])
      })
    })
  },
})
