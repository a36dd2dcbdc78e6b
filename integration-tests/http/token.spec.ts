import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import type { Health } from "../../src/modules/khqr/bank/health"
import type { TokenState } from "../../src/modules/khqr/bank/tokens"
import type { FaultInput } from "../../src/simulator/types"
import { createAdmin, type Admin } from "./admin"
import { startBank, World } from "./world"

const EMAIL = "owner@lucky.test"
const APPLICANT = {
  email: "new@lucky.test",
  organization: "Lucky",
  project: "Shop",
}

process.env.BAKONG_EMAIL = EMAIL

const bank = startBank()

afterAll(() => {
  delete process.env.BAKONG_EMAIL
})

medusaIntegrationTestRunner({
  moduleName: "khqr-token",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let owner: Admin
    const answers: unknown[] = []

    beforeAll(async () => {
      await world.open()
      owner = await createAdmin(getContainer(), api)
    })

    afterEach(() => jest.restoreAllMocks())

    const send = async (
      method: "GET" | "POST",
      path = "/token",
      body?: object
    ): Promise<{
      status: number
      data: { token: TokenState; health: Health; message: string }
    }> => {
      const answer = await api.request({
        method,
        url: `/admin/khqr${path}`,
        data: body,
        ...owner,
        validateStatus: () => true,
      })
      answers.push(answer.data)
      return answer
    }

    const newToken = () => bank().issueToken({ expiresInSeconds: 80 * 86_400 })

    describe("A token that ends while charges are open", () => {
      const callsTo = (endpoint: string) =>
        bank().requests.filter((request) => request.endpoint === endpoint)

      const renewals = () => callsTo("/v1/renew_token")

      const checks = () =>
        bank().requests.filter(({ endpoint }) =>
          endpoint.startsWith("/v1/check_transaction")
        )

      const statuses = (charges: { chargeId: string }[]) =>
        Promise.all(
          charges.map(
            async ({ chargeId }) => (await world.charge(chargeId)).status
          )
        )

      /** Charges that are asked about one by one, several at a time. */
      const openCharges = async (count: number) => {
        bank().setFault({ kind: "list_closed" })
        const charges = []
        for (let i = 0; i < count; i++) {
          charges.push(await world.checkout())
        }
        await world.tick()
        return charges
      }

      /** By its own word. */
      const lapse = () =>
        world.sql(
          "UPDATE khqr_token SET expires_at = now() - interval '1 minute'"
        )

      /** What the merchant hears of from now on. */
      const listen = () => {
        const emit = jest.spyOn(
          world.container.resolve(Modules.EVENT_BUS),
          "emit"
        )
        const error = jest.spyOn(
          world.container.resolve(ContainerRegistrationKeys.LOGGER),
          "error"
        )
        return {
          events: (name: string) =>
            emit.mock.calls
              .flatMap(([events]) => events)
              .filter((event) => event.name === name),
          errors: () => error.mock.calls.map(([message]) => String(message)),
        }
      }

      it("is renewed once when its time is over, and what was paid meanwhile becomes orders", async () => {
        const charges = await openCharges(5)
        const [one, two, three, ...unpaid] = charges
        const merchant = listen()
        await lapse()
        const before = checks().length
        for (const { qr } of [one, two, three]) {
          bank().pay({ qr })
        }

        await world.tick()
        await world.tick()

        expect(renewals()).toMatchObject([{ body: { email: EMAIL } }])
        expect(await statuses([one, two, three])).toEqual(
          Array(3).fill("completed")
        )
        expect(await statuses(unpaid)).toEqual(["pending", "pending"])
        expect(await world.orders()).toHaveLength(3)
        const asked = checks().slice(before)
        expect(asked.length).toBeGreaterThanOrEqual(5)
        expect(asked.every(({ authorized }) => authorized)).toBe(true)
        expect(merchant.events("khqr.token.renewed")).toHaveLength(1)
        expect((await send("GET")).data.token).toMatchObject({
          usable: true,
          source: "renewed",
          last_renewal_error: null,
        })
      })

      it("is renewed once when the bank refuses several questions at the same time", async () => {
        const charges = await openCharges(5)
        const merchant = listen()
        charges.forEach(({ qr }) => bank().pay({ qr }))
        bank().revokeToken(bank().token)

        await world.tick()
        await world.tick()

        const refused = checks().filter(({ authorized }) => !authorized)
        expect(refused.length).toBeGreaterThanOrEqual(2)
        expect(renewals()).toHaveLength(1)
        expect(await statuses(charges)).toEqual(Array(5).fill("completed"))
        expect(await world.orders()).toHaveLength(5)
        expect(merchant.events("khqr.token.refused")).toHaveLength(1)
        expect(merchant.events("khqr.token.renewed")).toHaveLength(1)
        expect(merchant.events("khqr.token.renewal_failed")).toEqual([])
      })

      const FAILURES: {
        what: string
        says: RegExp
        fault: () => Omit<FaultInput, "endpoint">
      }[] = [
        {
          what: "the bank cannot renew it",
          says: /Internal Server Error|HTTP 500/,
          fault: () => ({ kind: "server_error" }),
        },
        {
          what: "the e-mail is not registered",
          says: /^Code 10, the e-mail address is not registered: Not registered yet; set bakong\.email to the address that the token is registered with$/,
          fault: () => ({
            kind: "answer",
            body: refusal(10, "Not registered yet."),
          }),
        },
        {
          what: "the bank gives one that is over already",
          says: /This token expired on/,
          fault: () => ({
            kind: "answer",
            body: given(bank().issueToken({ expiresInSeconds: -60 })),
          }),
        },
        {
          what: "the bank refuses the renewed one as well",
          says: /refuses the renewed token as well/,
          fault: () => {
            const token = newToken()
            bank().revokeToken(token)
            return { kind: "answer", body: given(token) }
          },
        },
      ]

      it.each(FAILURES)(
        "stops all calls, is told, and ends no charge when $what; a pasted one mends it",
        async ({ says, fault }) => {
          const charges = await openCharges(4)
          const [paid, unpaid] = charges
          const merchant = listen()
          bank().setFault({ ...fault(), endpoint: "renew_token" })
          bank().revokeToken(bank().token)
          bank().pay({ qr: paid.qr })

          // The second one finds out about a renewed token.
          await world.tick()
          await world.tick()
          const before = bank().requests.length
          for (const { chargeId } of charges) {
            // Long past their time: only the bank's "not found" may end them now.
            await world.age(chargeId, 3 * 3_600_000)
          }
          for (let ticks = 0; ticks < 4; ticks++) {
            await world.tick()
          }

          expect(bank().requests).toHaveLength(before)
          expect(renewals()).toHaveLength(1)
          expect(await statuses(charges)).toEqual(Array(4).fill("pending"))
          const failures = merchant.events("khqr.token.renewal_failed")
          expect(failures).toMatchObject([
            { data: { error: expect.stringMatching(says) } },
          ])
          expect(merchant.errors()).toContainEqual(
            expect.stringMatching(/refuses the token.*Renewing it failed/)
          )
          expect(merchant.errors().join()).not.toMatch(/\.\.|\(rejected\)/)
          const refused = {
            usable: false,
            problem: "refused",
            message: expect.stringMatching(
              /Nothing is asked until there is a new one.*Renew it \(POST \/admin\/khqr\/token\/renew\), paste a new one \(POST \/admin\/khqr\/token\), or set one as bakong\.token and restart\..*paste it once more.*once a day/
            ),
            last_renewal_error: expect.stringMatching(says),
          }
          expect((await send("GET")).data.token).toMatchObject(refused)
          expect((await send("GET", "/health")).data.health).toMatchObject({
            token: refused,
          })
          expect(await world.view(paid.sessionId)).toMatchObject({
            status: "pending",
            bank: "unreachable",
          })

          const pasted = await send("POST", "/token", { token: newToken() })
          expect(pasted).toMatchObject({
            status: 200,
            data: { token: { usable: true, source: "pasted" } },
          })
          await world.tick()
          await world.tick()

          expect(await statuses([paid, unpaid])).toEqual([
            "completed",
            "expired",
          ])
          expect(await world.orders()).toHaveLength(1)
          expect(renewals()).toHaveLength(1)
          expect(await world.view(unpaid.sessionId)).toMatchObject({
            status: "expired",
            bank: "ok",
          })
        }
      )

      it("that something on the way refuses for a while is taken up again within a day", async () => {
        const [{ chargeId, qr }] = await openCharges(1)
        const merchant = listen()
        bank().setFault({
          kind: "answer",
          status: 401,
          body: { message: "Unauthorized" },
        })
        await world.age(chargeId, 60_000)
        await world.tick()
        bank().clearFaults()
        bank().pay({ qr })
        const before = bank().requests.length
        await world.tick()
        await world.khqr.keepToken()
        await world.tick()
        expect(bank().requests).toHaveLength(before)
        expect(merchant.events("khqr.token.refused")).toHaveLength(1)

        await world.sql(
          "UPDATE khqr_token SET refused_at = refused_at - interval '1 day'"
        )
        await world.khqr.keepToken()
        await world.tick()

        expect((await world.charge(chargeId)).status).toBe("completed")
        expect((await send("GET")).data.token).toMatchObject({
          usable: true,
          source: "option",
        })
      })

      it("is asked for again after minutes, not at every tick, when its time is over and the bank cannot renew it", async () => {
        const [charge] = await openCharges(3)
        const merchant = listen()
        bank().setFault({ kind: "server_error", endpoint: "renew_token" })
        await lapse()
        const before = checks().length

        for (let ticks = 0; ticks < 4; ticks++) {
          await world.tick()
        }

        expect(renewals()).toHaveLength(1)
        expect(checks()).toHaveLength(before)
        expect(merchant.events("khqr.token.renewal_failed")).toHaveLength(1)
        expect((await send("GET")).data.token).toMatchObject({
          problem: "expired",
          message: expect.stringMatching(
            /^The token expired on .* Renewing it failed/
          ),
        })

        bank().clearFaults()
        bank().pay({ qr: charge.qr })
        await world.sql(
          "UPDATE khqr_token SET renewal_started_at = renewal_started_at - interval '10 minutes'"
        )
        await world.tick()
        await world.tick()

        expect(renewals()).toHaveLength(2)
        expect((await world.charge(charge.chargeId)).status).toBe("completed")
      })
    })

    describe("The owner's desk", () => {
      it.each([
        ["GET", "/token"],
        ["POST", "/token"],
        ["POST", "/token/register"],
        ["POST", "/token/verify"],
        ["POST", "/token/renew"],
        ["GET", "/health"],
      ])("is closed to strangers: %s %s", async (method, path) => {
        const { status, data } = await api.request({
          method,
          url: `/admin/khqr${path}`,
          data: {},
          validateStatus: () => true,
        })
        expect(status).toBe(401)
        expect(Object.keys(data)).not.toContain("token")
        expect(bank().requests).toEqual([])
      })

      it("tells where the token comes from and how long it lives", async () => {
        expect((await send("GET")).data.token).toMatchObject({
          usable: true,
          source: "option",
          can_renew: true,
          can_store: true,
          days_left: 90,
          expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
        })
      })

      it("keeps to itself under which name the token's calls are counted", async () => {
        for (const { data } of [
          await send("GET"),
          await send("POST", "/token", { token: newToken() }),
          await send("POST", "/token/renew"),
          await send("POST", "/token/register", APPLICANT),
        ]) {
          expect(data.token.fingerprint).toMatch(/^[0-9a-f]{8}$/)
          expect(JSON.stringify(data)).not.toMatch(/token_key|[0-9a-f]{64}/)
        }
      })

      it.each([
        ["as a header has it", (token: string) => `Bearer ${token}`],
        ["in quotes", (token: string) => ` "Bearer ${token}"\n`],
        ["with its name", (token: string) => `export BAKONG_TOKEN=${token}`],
        [
          "as a whole header",
          (token: string) => `Authorization: Bearer ${token}`,
        ],
        [
          "broken over lines",
          (token: string) => token.replace(/.{40}/g, "$&\n"),
        ],
      ])("takes a pasted token %s, and uses it", async (_, written) => {
        const { chargeId, qr } = await world.checkout()
        bank().revokeToken(bank().token)
        bank().pay({ qr })
        expect(
          await send("POST", "/token", { token: written(newToken()) })
        ).toMatchObject({
          status: 200,
          data: { token: { usable: true, source: "pasted" } },
        })
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("completed")
      })

      it.each([
        {
          what: "has expired",
          token: () => bank().issueToken({ expiresInSeconds: -60 }),
          says: /^This token expired on \d{4}-\d\d-\d\d: take a newer one, or renew it \(POST \/admin\/khqr\/token\/renew\)\.$/,
        },
        {
          what: "is cut off",
          token: () => newToken().split(".").slice(0, 2).join("."),
          says: /^The token is not whole: it has three parts/,
        },
        {
          what: "is no token",
          token: () => "ខ្ញុំមិនដឹងទេ",
          says: /^There is no token in this text/,
        },
        {
          what: "is nothing but quotes",
          token: () => '"Bearer "',
          says: /^There is no token in this text/,
        },
        { what: "is empty", token: () => "  ", says: /'token' too small/ },
        {
          what: "is not there",
          token: () => undefined,
          says: /^Invalid request: token must be a text$/,
        },
      ])(
        "says what is wrong with a pasted token that $what, and keeps the old one",
        async ({ token, says }) => {
          expect(
            await send("POST", "/token", { token: token() })
          ).toMatchObject({
            status: 400,
            data: { message: expect.stringMatching(says) },
          })
          expect((await send("GET")).data.token).toMatchObject({
            usable: true,
            source: "option",
          })
        }
      )

      it("registers: a code is mailed, and becomes the token in use", async () => {
        expect(await send("POST", "/token/register", APPLICANT)).toMatchObject({
          status: 200,
          data: {
            token: { usable: true },
            message:
              "Bakong mails a code of 20 characters to that address; send it to /admin/khqr/token/verify. Set bakong.email to the address you registered, or the token will not renew itself.",
          },
        })
        expect(bank().mailbox).toMatchObject([{ to: APPLICANT.email }])
        const { code } = bank().mailbox.at(-1)!
        expect(
          await send("POST", "/token/verify", { code: ` ${code} ` })
        ).toMatchObject({
          status: 200,
          data: {
            token: { usable: true, source: "registered" },
            message:
              "The token renews itself only if bakong.email is the address you registered.",
          },
        })

        const { chargeId, qr } = await world.checkout()
        bank().revokeToken(bank().token)
        bank().pay({ qr })
        await world.tick()
        expect((await world.charge(chargeId)).status).toBe("completed")

        expect(await send("POST", "/token/verify", { code })).toMatchObject({
          status: 400,
          data: {
            message:
              "Bakong does not take this code: look at the mail again, or register again for a new one.",
          },
        })
      })

      it("registers the address of bakong.email without advice about it", async () => {
        const email = ` ${EMAIL.toUpperCase()}`
        const { status, data } = await send("POST", "/token/register", {
          ...APPLICANT,
          email,
        })
        expect({ status, message: data.message }).toEqual({
          status: 200,
          message:
            "Bakong mails a code of 20 characters to that address; send it to /admin/khqr/token/verify.",
        })
      })

      it("advises to set bakong.email where there is none", async () => {
        const { bakong } = world.khqr.options
        const options = { ...world.khqr.options, bakong: { ...bakong } }
        options.bakong.email = undefined
        jest.spyOn(world.khqr, "options", "get").mockReturnValue(options)
        const advice =
          "Set bakong.email to the address you registered, or the token will not renew itself."

        const { data } = await send("POST", "/token/register", APPLICANT)
        expect(data.message).toContain(advice)
        const { code } = bank().mailbox.at(-1)!
        expect(await send("POST", "/token/verify", { code })).toMatchObject({
          status: 200,
          data: { message: advice },
        })
      })

      it.each(["short", "X".repeat(21)])(
        "asks for the whole code instead of %p",
        async (code) => {
          expect(await send("POST", "/token/verify", { code })).toMatchObject({
            status: 400,
            data: { message: "Invalid request: The code has 20 characters" },
          })
          expect(bank().requests).toEqual([])
        }
      )

      it("says so where the server offers registration no more", async () => {
        bank().setTokenSettings({ registration: false })
        const notOffered = {
          status: 400,
          data: {
            message:
              "This server does not offer registration any more: request the token on Bakong's website and paste it (POST /admin/khqr/token).",
          },
        }
        expect(await send("POST", "/token/register", APPLICANT)).toMatchObject(
          notOffered
        )
        expect(
          await send("POST", "/token/verify", { code: "A".repeat(20) })
        ).toMatchObject(notOffered)
      })

      it.each([
        [{ ...APPLICANT, email: "nobody" }, /email must be an e-mail address/],
        [{ ...APPLICANT, organization: "" }, /organization/],
        [{ email: APPLICANT.email }, /organization|project/],
      ])("asks for all that Bakong wants to know: %j", async (body, says) => {
        expect(await send("POST", "/token/register", body)).toMatchObject({
          status: 400,
          data: { message: expect.stringMatching(says) },
        })
        expect(bank().mailbox).toEqual([])
      })

      it("renews by a person's wish, and the bank's refusal is a sentence", async () => {
        expect(await send("POST", "/token/renew")).toMatchObject({
          status: 200,
          data: { token: { usable: true, source: "renewed" } },
        })
        bank().setFault({ kind: "forbidden" })
        expect(await send("POST", "/token/renew")).toMatchObject({
          status: 400,
          data: { message: expect.stringContaining("HTTP 403") },
        })
        bank().clearFaults()
        bank().setFault({
          kind: "answer",
          endpoint: "renew_token",
          body: refusal(10, "Not registered yet."),
        })
        expect(await send("POST", "/token/renew")).toMatchObject({
          status: 400,
          data: {
            message:
              "This e-mail address is not registered with Bakong: set bakong.email to the address that the token is registered with, or register it (POST /admin/khqr/token/register).",
          },
        })
        expect((await send("GET")).data.token).toMatchObject({
          last_renewal_error:
            "Code 10, the e-mail address is not registered: Not registered yet; set bakong.email to the address that the token is registered with",
        })
      })

      it("has shown no token and no e-mail in any of its answers", () => {
        const written = JSON.stringify(answers)
        expect(written).toContain('"usable":true')
        expect(written).not.toContain("eyJ")
        expect(written).not.toContain(EMAIL)
        expect(world.khqr.options.bakong.email).toBe(EMAIL)
      })
    })
  },
})

function refusal(errorCode: number, responseMessage: string) {
  return { responseCode: 1, responseMessage, errorCode, data: null }
}

function given(token: string) {
  return {
    responseCode: 0,
    responseMessage: "Token has been issued.",
    errorCode: null,
    data: { token },
  }
}
