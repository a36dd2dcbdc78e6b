import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { format, inspect, promisify } from "node:util"

import type { Logger } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"
import type { AxiosResponse } from "axios"

import { createAdmin, type Admin } from "./admin"
import { eventually, startBank, World } from "./world"

const run = promisify(execFile)

/** Not the admin's: whoever knows it can have the token renewed. */
const EMAIL = "Secret.Owner+khqr@lucky.test"
const APPLICANT_EMAIL = "Secret.Applicant@lucky.test"
const KEY = "canary-key-of-the-encryption-0123456789"

const DAY_SECONDS = 86_400

process.env.BAKONG_TIMEOUT_MS = "1000"

const bank = startBank()
const output = collectOutput()

beforeAll(() => {
  process.env.BAKONG_EMAIL = EMAIL
  process.env.KHQR_ENCRYPTION_KEY = KEY
})

afterAll(() => {
  delete process.env.BAKONG_TIMEOUT_MS
  delete process.env.BAKONG_EMAIL
  jest.restoreAllMocks()
})

type Fault = { status: number; body: unknown }

medusaIntegrationTestRunner({
  moduleName: "khqr-secrets",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let owner: Admin
    let chargeId: string
    let heard: string[]

    /** By name; every one that the shop has held, or that came by. */
    const tokens: Record<string, string> = {}
    /** By the place where they may be read. */
    const places: Record<string, string> = {}
    const answers: string[] = []
    const events: string[] = []
    const logged: string[] = []

    const newToken = (name: string, days = 80) =>
      (tokens[name] = bank().issueToken({
        expiresInSeconds: days * DAY_SECONDS,
      }))

    const admin = (
      method: "GET" | "POST",
      path: string,
      data?: object
    ): Promise<{ status: number; data: { message: string } }> =>
      api.request({
        method,
        url: `/admin${path}`,
        data,
        ...owner,
        validateStatus: () => true,
      })

    const collect = () => {
      api.interceptors.response.use((answer: AxiosResponse) => {
        const { status, headers, data, config } = answer
        // The admin's own JWT is none of ours.
        if (!config.url?.startsWith("/auth")) {
          answers.push(`${status} ${format(headers)}\n${JSON.stringify(data)}`)
        }
        return answer
      })
      const bus = world.container.resolve(Modules.EVENT_BUS)
      const emit = bus.emit.bind(bus) as (...given: unknown[]) => Promise<void>
      jest.spyOn(bus, "emit").mockImplementation((...given: unknown[]) => {
        events.push(JSON.stringify(given))
        return emit(...given)
      })
      const logger = world.container.resolve<Logger>(
        ContainerRegistrationKeys.LOGGER
      )
      logger.setLogLevel("silly")
      for (const level of ["error", "warn", "info", "debug", "log"] as const) {
        const write = logger[level].bind(logger) as (
          ...given: unknown[]
        ) => void
        jest.spyOn(logger, level).mockImplementation((...given: unknown[]) => {
          logged.push(given.map((one) => inspect(one, { depth: 6 })).join(" "))
          return write(...given)
        })
      }
    }

    /** With the bank's answer spoiled so, on whatever endpoint is asked. */
    const spoiled = async (
      { endpoint, ...fault }: Fault & { endpoint?: string },
      work: () => Promise<unknown>
    ) => {
      bank().setFault({ kind: "answer", endpoint, ...fault })
      await work()
      bank().clearFaults()
      await world.endPauses()
    }

    /** What careless servers and proxies answer with: what they were sent. */
    const echoes = (token: string): Fault[] =>
      [
        `Authorization: Bearer ${token}`,
        `{"headers":{"authorization":"Bearer ${token}"}}`,
        `cut off by a proxy: Bearer ${token.slice(0, -3)}`,
      ].flatMap((echo) => [
        { status: 200, body: refusal(99, echo) },
        { status: 400, body: refusal(5, echo) },
        { status: 403, body: `<html><pre>${echo}</pre></html>` },
        { status: 404, body: echo },
        { status: 429, body: { message: echo } },
        { status: 500, body: { status: 500, error: echo } },
        { status: 200, body: `<html>${echo}` },
      ])

    /** The same for a body with an e-mail address, in the spellings that servers know. */
    const echoesOf = (email: string): Fault[] =>
      [
        email,
        email.toLowerCase(),
        email.replace("@", "\\u0040").replace("+", "\\u002B"),
      ].flatMap((spelled) => [
        {
          status: 200,
          body: `{"responseCode":1,"errorCode":10,"responseMessage":"${spelled} is not registered yet","data":null}`,
        },
        {
          status: 400,
          body: `{"responseCode":1,"errorCode":5,"responseMessage":"in {\\"email\\":\\"${spelled}\\"}","data":null}`,
        },
        {
          status: 500,
          body: `{"status":500,"error":"${spelled}","message":"${spelled}"}`,
        },
      ])

    /** The endpoints that have answered with what they were sent. */
    const echoed = () =>
      bank()
        .requests.filter(({ fault }) => fault === "answer")
        .map(({ endpoint }) => endpoint)

    const hear = async (faults: Fault[], endpoint?: string) => {
      for (const fault of faults) {
        await spoiled({ ...fault, endpoint }, () => world.tick())
        // One answer that counts keeps the circuit closed.
        await world.tick()
      }
    }

    /** Everything that a shopper and the owner may ask the shop for. */
    const look = async (checkout: {
      cartId: string
      collectionId: string
      sessionId: string
      chargeId: string
    }) => {
      const { cartId, collectionId, sessionId } = checkout
      await world.get(`/store/carts/${cartId}`)
      await world.get(`/store/payment-collections/${collectionId}`)
      await world.get(`/store/khqr/payment-sessions/${sessionId}`)
      await world.get(`/store/khqr/payment-sessions/${sessionId}/qr.svg`)
      for (const action of ["signals", "renew", "deeplink"]) {
        await world.post(
          `/store/khqr/payment-sessions/${sessionId}/${action}`,
          action === "signals" ? { kind: "returned" } : {}
        )
      }
      await world.complete(cartId)
      for (const { id } of await world.orders()) {
        await world.get(`/store/orders/${id}`)
        await admin("GET", `/orders/${id}`)
      }
      await admin("POST", `/khqr/charges/${checkout.chargeId}/diagnose`, {})
      for (const path of [
        "/khqr/token",
        "/khqr/health",
        "/payments",
        "/payments/payment-providers",
        "/plugins",
        "/workflows-executions?limit=100&fields=*",
      ]) {
        await admin("GET", path)
      }
    }

    const live = async () => {
      tokens.option = bank().token
      const first = await world.checkout()
      const second = await world.checkout()
      chargeId = second.chargeId

      // The option's token.
      await hear(echoes(tokens.option))
      const [echo] = echoes(tokens.option)
      await spoiled({ ...echo, status: 500 }, () => look(first))
      bank().pay({ qr: first.qr })
      bank().pay({ qr: second.qr, amount: 1 })
      await world.tick()
      await look(first)
      await look(second)
      await world.sql("DELETE FROM khqr_setting")
      await spoiled(echo, async () => {
        await world.khqr.__hooks.onApplicationStart()
        await eventually(async () =>
          expect(echoed()).toContain("/v1/check_bakong_account")
        )
      })

      // A pasted one, after some that are no good.
      const third = await world.checkout()
      const pasted = newToken("pasted")
      for (const token of [
        [pasted],
        { token: pasted },
        pasted.slice(0, pasted.lastIndexOf(".")),
        newToken("expired", -1),
      ]) {
        const { status } = await admin("POST", "/khqr/token", { token })
        expect(status).toBe(400)
      }
      await admin("POST", "/khqr/token/register", { email: [APPLICANT_EMAIL] })
      await admin("POST", "/khqr/token", { token: `"Bearer ${pasted}"` })
      await hear(echoes(pasted))

      // The bank refuses both, and will not renew either.
      const paid = await world.checkout()
      bank().revokeToken(pasted)
      bank().revokeToken(tokens.option)
      const [renewalEcho, ...others] = echoesOf(EMAIL)
      bank().setFault({
        kind: "answer",
        endpoint: "renew_token",
        ...renewalEcho,
      })
      await world.tick()
      await world.tick()
      await world.tick()
      await look(third)
      bank().clearFaults()
      for (const fault of others) {
        await spoiled({ ...fault, endpoint: "renew_token" }, () =>
          admin("POST", "/khqr/token/renew")
        )
      }
      await spoiled(
        { endpoint: "renew_token", ...given(newToken("renewed")) },
        () => admin("POST", "/khqr/token/renew")
      )
      bank().pay({ qr: paid.qr })
      await world.tick()
      await world.tick()
      expect((await world.charge(paid.chargeId)).status).toBe("completed")
      await hear(echoes(tokens.renewed))

      // A registration.
      const applicant = {
        email: APPLICANT_EMAIL,
        organization: "Lucky",
        project: "Shop",
      }
      const register = () => admin("POST", "/khqr/token/register", applicant)
      for (const fault of echoesOf(APPLICANT_EMAIL)) {
        await spoiled({ ...fault, endpoint: "request_token" }, register)
        await world.tick()
      }
      await register()
      const { code } = bank().mailbox.at(-1)!
      await spoiled(
        { endpoint: "verify", ...given(newToken("registered", 2)) },
        () => admin("POST", "/khqr/token/verify", { code })
      )
      await hear(echoes(tokens.registered))

      // The daily job with a token that ends soon, and a renewal that fails.
      await world.sql(
        "UPDATE khqr_token SET renewal_started_at = NULL, expires_at = least(expires_at, now() + interval '2 days')"
      )
      await spoiled({ ...renewalEcho, endpoint: "renew_token" }, () =>
        world.khqr.keepToken()
      )
      await world.khqr.tidyAudit()
      await look(third)
    }

    /** Each row of each table, as text. */
    const dump = async () => {
      const tables = await world.sql<{ name: string }>(
        "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
      )
      const rows = await Promise.all(
        tables.map(async ({ name }) => {
          const found = await world.sql<{ row: string }>(
            `SELECT to_json(t)::text AS row FROM ${name} t`
          )
          return found.map(({ row }) => `${name} ${row}`)
        })
      )
      return rows.flat()
    }

    beforeAll(async () => {
      await world.open()
      owner = await createAdmin(getContainer(), api)
      collect()
      await live()
      heard = echoed()
      Object.assign(places, {
        "what the process writes": output.join(""),
        "what goes through the logger": logged.join("\n"),
        "the events": events.join("\n"),
        "the answers of the routes": answers.join("\n"),
        "the database": (await dump()).join("\n"),
        "the payment element": await buildElement(),
      })
    })

    const secrets = (): Record<string, string> => ({
      ...Object.fromEntries(
        Object.entries(tokens).flatMap(([name, token]) => {
          const signature = token.split(".")[2]
          return [
            [`the ${name} token`, token],
            [`the signature of the ${name} token`, signature],
            [`a piece of the ${name} token`, signature.slice(0, 16)],
          ]
        })
      ),
      "the e-mail": EMAIL,
      "the applicant's e-mail": APPLICANT_EMAIL,
      "the encryption key": KEY,
    })

    /** What of the secrets a text holds, with some of what stands before it. */
    const findIn = (text: string): { secret: string; after: string }[] => {
      const lower = text.toLowerCase()
      return Object.entries(secrets()).flatMap(([secret, value]) => {
        const at = lower.indexOf(value.toLowerCase())
        return at === -1
          ? []
          : [{ secret, after: text.slice(Math.max(0, at - 500), at) }]
      })
    }

    it.each([
      "what the process writes",
      "what goes through the logger",
      "the events",
      "the answers of the routes",
      "the database",
    ])("finds no token, e-mail or key in %s", (place) => {
      expect(places[place]).toContain(chargeId)
      expect(findIn(places[place])).toEqual([])
    })

    it("finds no token, e-mail or key in the payment element that a shop's pages load", () => {
      expect(places["the payment element"]).toContain("khqr-payment")
      expect(findIn(places["the payment element"])).toEqual([])
    })

    it("has looked at a life with all that brings secrets near", () => {
      expect(new Set(heard)).toEqual(
        new Set([
          "/v1/check_bakong_account",
          "/v1/check_transaction_by_md5",
          "/v1/check_transaction_by_md5_list",
          "/v1/generate_deeplink_by_qr",
          "/v1/renew_token",
          "/v1/request_token",
          "/v1/verify",
        ])
      )
      expect(heard.length).toBeGreaterThan(80)
      expect(Object.keys(tokens).sort()).toEqual([
        "expired",
        "option",
        "pasted",
        "registered",
        "renewed",
      ])
      for (const name of [
        "khqr.token.refused",
        "khqr.token.renewal_failed",
        "khqr.token.renewed",
        "khqr.token.expiring",
        "khqr.charge.completed",
        "khqr.charge.review",
      ]) {
        expect(places["the events"]).toContain(name)
      }
      for (const source of ["option", "pasted", "renewed", "registered"]) {
        expect(places["the database"]).toMatch(
          new RegExp(`khqr_token .*"source":"${source}"`)
        )
      }
      for (const endpoint of ["renew_token", "request_token", "verify"]) {
        expect(places["the database"]).toMatch(
          new RegExp(`khqr_event .*"endpoint":"/v1/${endpoint}"`)
        )
      }
      expect(places["the database"]).toContain("[redacted]")
      expect(places["the answers of the routes"]).toContain('"order":{')
      expect(places["the answers of the routes"]).toContain('"diagnosis":{')
      expect(places["the answers of the routes"]).toContain('"health":{')
    })

    it("would find one", () => {
      for (const [name, secret] of Object.entries(secrets())) {
        expect(findIn(`{"message":"${secret.toUpperCase()}"}`)).toContainEqual(
          expect.objectContaining({ secret: name })
        )
      }
    })
  },
})

/** All that the process writes from now on; it is written all the same. */
function collectOutput(): string[] {
  const written: string[] = []
  const { _stdout, _stderr } = console as unknown as Record<
    string,
    NodeJS.WriteStream
  >
  for (const stream of new Set([
    process.stdout,
    process.stderr,
    _stdout,
    _stderr,
  ])) {
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
    jest.spyOn(stream, "write").mockImplementation((...given: unknown[]) => {
      written.push(String(given[0]))
      return write(...given)
    })
  }
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    const write = console[level].bind(console)
    jest.spyOn(console, level).mockImplementation((...given: unknown[]) => {
      written.push(`${format(...given)}\n`)
      return write(...given)
    })
  }
  return written
}

/** As a shop's bundler does, with the secrets in its environment. */
async function buildElement(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "khqr-element-"))
  const outfile = join(folder, "index.mjs")
  try {
    await run(join(process.cwd(), "node_modules/.bin/esbuild"), [
      "src/storefront/index.ts",
      "--bundle",
      "--format=esm",
      `--outfile=${outfile}`,
    ])
    return await readFile(outfile, "utf8")
  } finally {
    await rm(folder, { recursive: true })
  }
}

function refusal(errorCode: number, responseMessage: string) {
  return { responseCode: 1, responseMessage, errorCode, data: null }
}

function given(token: string): Fault {
  return {
    status: 200,
    body: {
      responseCode: 0,
      responseMessage: "Token has been issued.",
      errorCode: null,
      data: { token },
    },
  }
}
