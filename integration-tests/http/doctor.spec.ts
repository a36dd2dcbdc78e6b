import { spawn } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { Client } from "@medusajs/framework/pg"
import {
  ContainerRegistrationKeys,
  defineConfig,
} from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import type { BakongCall } from "../../src/bakong"
import {
  examine,
  presentReport,
  quietLogger,
  type Report,
} from "../../src/doctor"
import { readShop } from "../../src/doctor/shop"
import type { GatewayFactory } from "../../src/gateways"
import { openBank } from "../../src/modules/khqr/bank"
import { databaseOf } from "../../src/modules/khqr/database"
import {
  parseOptions,
  type KhqrPluginOptions,
} from "../../src/modules/khqr/options"
import doctorScript from "../../src/scripts/doctor"
import { startBank, World } from "./world"

const bank = startBank()

const EMAIL = "owner@lucky.shop"
const KEY = "doctor-spec-key-of-32-characters"
const DAY_SECONDS = 86_400

const PROXY_PASSWORD = "proxy-spec-password"

/** Nobody listens there. */
const DEAF = "http://127.0.0.1:1"

const ANSWERED: BakongCall = {
  endpoint: "/status",
  sent: true,
  requestId: "r1",
  httpStatus: 200,
  responseCode: null,
  errorCode: null,
  message: "",
  durationMs: 7,
  askedAt: Date.now(),
  serverTime: null,
}

type BakongOptions = NonNullable<KhqrPluginOptions["bakong"]>

type Change = {
  options?: Partial<KhqrPluginOptions>
  bakong?: BakongOptions
  payment?: object
  databaseUrl?: string
  ask?: boolean
}

medusaIntegrationTestRunner({
  moduleName: "khqr-doctor",
  testSuite: ({ api, getContainer, dbConfig }) => {
    const world = new World(api, getContainer)

    const databaseUrl = () => {
      const url = new URL(dbConfig.clientUrl)
      const { DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD } = process.env
      return `postgres://${DB_USERNAME}:${DB_PASSWORD}@${DB_HOST}:${DB_PORT}${url.pathname}`
    }

    const configOf = (change: Change) =>
      defineConfig({
        projectConfig: {
          databaseUrl: change.databaseUrl ?? databaseUrl(),
          databaseDriverOptions: { ssl: false, connection: { ssl: false } },
          http: { storeCors: "", adminCors: "", authCors: "" },
        },
        plugins: [
          {
            resolve: "medusa-payment-khqr",
            options: {
              merchant: { accountId: "lucky_shop@aclb", name: "Lucky Shop" },
              bakong: {
                token: bank().token,
                baseUrl: bank().url,
                timeoutMs: 1_000,
                ...change.bakong,
              },
              ...change.options,
            },
          },
        ],
        modules: [
          {
            resolve: "@medusajs/medusa/payment",
            dependencies: ["khqr"],
            options: {
              providers: [
                {
                  resolve: "medusa-payment-khqr/providers/khqr",
                  id: "bakong",
                },
              ],
            },
            ...change.payment,
          },
        ],
      })

    /** What the doctor says of a shop, and that it kept to its own rules. */
    const look = async (change: Change = {}): Promise<Report> => {
      const before = bank().requests.length
      const report = await examine({
        config: configOf(change),
        ask: change.ask ?? true,
        logger: quietLogger,
      })
      const asked = bank().requests.length - before
      const { baseUrl, proxyUrl } = change.bakong ?? {}
      const deaf = baseUrl === DEAF || proxyUrl !== undefined
      expect(deaf ? 1 : asked).toBe(report.questions)
      expect(asked).toBeLessThanOrEqual(3)
      keepsSecrets(JSON.stringify(report))
      return report
    }

    const keepsSecrets = (text: string) => {
      const secrets = [
        ...[bank().token, EMAIL, KEY, PROXY_PASSWORD],
        process.env.DB_PASSWORD!,
      ]
      for (const secret of secrets) {
        expect(text).not.toContain(secret)
      }
      expect(text).not.toMatch(/eyJ/)
    }

    /** What differs from run to run is made the same. */
    const normalise = (text: string) =>
      text
        .replace(/127\.0\.0\.1:1\b/g, "nobody.test:1")
        .replace(/127\.0\.0\.1:\d+/g, "bank.test")
        .replace(/localhost:\d+/g, "localhost:5432")
        .replaceAll(dbConfig.dbName, "shop")
        .replace(/answers in \d+ ms/g, "answers in 5 ms")
        .replace(
          /(\d{4}-\d\d-\d\d )?\d\d:\d\d \(Phnom Penh\)/g,
          "<time> (Phnom Penh)"
        )
        .replace(/\d{4}-\d\d-\d\d/g, "<day>")

    const seen = async (change: Change = {}): Promise<string> => {
      const { findings, ...report } = await look(change)
      return presentReport(
        {
          findings: JSON.parse(normalise(JSON.stringify(findings))),
          ...report,
        },
        { width: 100, colours: false }
      )
    }

    const administer = async (statement: string) => {
      const url = new URL(databaseUrl())
      url.pathname = "/postgres"
      const client = new Client({ connectionString: url.href })
      await client.connect()
      await client.query(statement)
      await client.end()
    }

    beforeAll(() => world.open())

    /** The shop itself has asked about its receiver when it started. */
    beforeEach(() => world.sql("DELETE FROM khqr_quota"))

    describe("names each state and its mend", () => {
      it("all well", async () => {
        expect(await seen()).toMatchSnapshot()
      })

      it("all well, without asking", async () => {
        expect(await seen({ ask: false })).toMatchSnapshot()
      })

      it("bad options", async () => {
        expect(
          await seen({
            options: {
              merchant: { accountId: "lucky_shop", name: "ហាងសំណាង" },
              expiresInSeconds: 6_000,
            },
          })
        ).toMatchSnapshot()
      })

      it("a database that is down", async () => {
        expect(
          await seen({
            databaseUrl: "postgres://shop:hidden-pw@localhost:1/shop",
          })
        ).toMatchSnapshot()
      })

      it("a database that was never migrated", async () => {
        const name = `${dbConfig.dbName}-empty`
        // PostgreSQL's own template: the other one may be a shop's already.
        await administer(`CREATE DATABASE "${name}" TEMPLATE template0`)
        try {
          const url = new URL(databaseUrl())
          url.pathname = `/${name}`
          expect(await seen({ databaseUrl: url.href })).toMatchSnapshot()
        } finally {
          await administer(`DROP DATABASE "${name}" WITH (FORCE)`)
        }
      })

      it("a column that is missing", async () => {
        await world.sql("ALTER TABLE khqr_quota DROP COLUMN refused")
        try {
          expect(await seen()).toMatchSnapshot()
        } finally {
          await world.sql(
            "ALTER TABLE khqr_quota ADD COLUMN refused integer NOT NULL DEFAULT 0"
          )
        }
      })

      it("a Payment Module that knows nothing of KHQR", async () => {
        expect(
          await seen({ payment: { dependencies: [], options: {} } })
        ).toMatchSnapshot()
      })

      it("a provider in no region", async () => {
        await world.sql(
          "UPDATE region_payment_provider SET deleted_at = now() WHERE payment_provider_id = 'pp_khqr_bakong'"
        )
        expect(await seen()).toMatchSnapshot()
      })

      it("a provider in a region that sells in baht", async () => {
        await world.sql(
          "UPDATE region SET currency_code = 'thb' WHERE id = ?",
          [world.shop.regions.khr]
        )
        expect(await seen()).toMatchSnapshot()
      })

      it("a bank that hangs up", async () => {
        bank().setFault({ kind: "down" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a bank that is not there", async () => {
        expect(await seen({ bakong: { baseUrl: DEAF } })).toMatchSnapshot()
      })

      it("a proxy that is not there", async () => {
        const proxyUrl = `http://shop:${PROXY_PASSWORD}@127.0.0.1:1`
        expect(await seen({ bakong: { proxyUrl } })).toMatchSnapshot()
      })

      it("a bank that breaks off", async () => {
        bank().setFault({ kind: "reset" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a bank that is slow", async () => {
        bank().setFault({ kind: "slow" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a bank that is out of order", async () => {
        bank().setFault({ kind: "server_error" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a web page in the bank's place", async () => {
        bank().setFault({ kind: "html" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a bank that asks for a pause", async () => {
        bank().setFault({ kind: "rate_limited" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a pause that was asked for: nothing is asked", async () => {
        bank().setFault({ kind: "rate_limited" })
        await look()
        expect(await seen()).toMatchSnapshot()
      })

      it("a server outside Cambodia", async () => {
        bank().setFault({ kind: "forbidden" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a server outside Cambodia without a token", async () => {
        bank().setFault({ kind: "forbidden" })
        expect(
          await seen({ bakong: { token: undefined, encryptionKey: KEY } })
        ).toMatchSnapshot()
      })

      it("a list that is closed to the token", async () => {
        bank().setFault({ kind: "list_closed" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a list that is closed to a token that may be renewed: three questions are enough", async () => {
        bank().setFault({ kind: "list_closed" })
        bank().setFault({
          kind: "unauthorized",
          endpoint: "check_bakong_account",
        })
        expect(
          await seen({ bakong: { email: EMAIL, encryptionKey: KEY } })
        ).toMatchSnapshot()
      })

      it("a token that is missing", async () => {
        expect(
          await seen({ bakong: { token: undefined, encryptionKey: KEY } })
        ).toMatchSnapshot()
      })

      it("a token that has expired", async () => {
        const token = bank().issueToken({ expiresInSeconds: -DAY_SECONDS })
        expect(await seen({ bakong: { token } })).toMatchSnapshot()
      })

      it("a token that has expired and is renewed on the way", async () => {
        const token = bank().issueToken({ expiresInSeconds: -DAY_SECONDS })
        expect(
          await seen({ bakong: { token, email: EMAIL, encryptionKey: KEY } })
        ).toMatchSnapshot()
      })

      it("a token that is renewed on the way, to meet a closed list", async () => {
        bank().setFault({ kind: "list_closed" })
        const token = bank().issueToken({ expiresInSeconds: -DAY_SECONDS })
        expect(
          await seen({ bakong: { token, email: EMAIL, encryptionKey: KEY } })
        ).toMatchSnapshot()
      })

      it("a token that the bank refuses", async () => {
        const token = bank().issueToken()
        bank().revokeToken(token)
        expect(await seen({ bakong: { token } })).toMatchSnapshot()
      })

      it("a token that the bank refuses and gives a new one for", async () => {
        const token = bank().issueToken()
        bank().revokeToken(token)
        expect(
          await seen({ bakong: { token, email: EMAIL, encryptionKey: KEY } })
        ).toMatchSnapshot()
      })

      it("a token with three days left", async () => {
        const token = bank().issueToken({ expiresInSeconds: 3 * DAY_SECONDS })
        expect(await seen({ bakong: { token } })).toMatchSnapshot()
      })

      it("a quota that the bank calls spent", async () => {
        bank().setFault({ kind: "quota_spent" })
        expect(await seen()).toMatchSnapshot()
      })

      it("a quota that is known to be spent: nothing is asked", async () => {
        bank().setFault({ kind: "quota_spent" })
        await look()
        expect(await seen()).toMatchSnapshot()
      })

      it("a quota that is nearly spent", async () => {
        expect(
          await seen({ bakong: { dailyRequestLimit: 2 } })
        ).toMatchSnapshot()
      })

      it("an account that nobody knows", async () => {
        expect(
          await seen({
            options: { merchant: { accountId: "unknown@aclb", name: "Lucky" } },
          })
        ).toMatchSnapshot()
      })

      it("a clock that is 45 s behind", async () => {
        bank().advanceClock(45_000)
        expect(await seen()).toMatchSnapshot()
      })

      it("a clock that is five minutes ahead", async () => {
        bank().advanceClock(-300_000)
        expect(await seen()).toMatchSnapshot()
      })

      it("links to a host that is dead", async () => {
        expect(
          await seen({ options: { deeplink: { hosts: ["bakong.page.link"] } } })
        ).toMatchSnapshot()
      })

      const hosted = (key: string): Change => ({
        options: {
          bakong: undefined,
          gateway: {
            type: "hosted",
            baseUrl: bank().hosted.url,
            merchantId: bank().hosted.merchantId,
            key,
          },
        },
      })

      it("a hosted gateway", async () => {
        expect(await seen(hosted(bank().hosted.key))).toMatchSnapshot()
      })

      it("a hosted gateway that refuses the key", async () => {
        expect(await seen(hosted("some-other-key"))).toMatchSnapshot()
      })
    })

    describe("with a gateway of the shop's own", () => {
      const own = (gateway: GatewayFactory) =>
        look({ options: { bakong: undefined, gateway } })

      it("asks it as the ledger does", async () => {
        const asked: string[] = []
        const { findings } = await own(() => ({
          name: "lucky-pay",
          can: {
            makesQr: false,
            deeplinks: false,
            findsByHash: false,
            checksAccounts: false,
            asksInLists: false,
            usesBakongToken: false,
          },
          check: async ([{ charge_id }], purpose) => {
            asked.push(purpose)
            return [
              { charge_id, outcome: { type: "not_found" }, call: ANSWERED },
            ]
          },
          close: () => asked.push("closed"),
        }))
        expect(asked).toEqual(["manual", "closed"])
        expect(findings).toContainEqual({
          name: "bank",
          level: "ok",
          says: "the gateway lucky-pay answers in 7 ms",
        })
      })

      it("says that it cannot be made", async () => {
        const { findings } = await own(() => {
          throw new Error("LUCKY_PAY_KEY is not set")
        })
        expect(findings).toContainEqual({
          name: "bank",
          level: "failure",
          says: "could not be asked: LUCKY_PAY_KEY is not set",
          mend: "mend the option gateway",
        })
      })
    })

    it("stops no shop by a lower limit of its own", async () => {
      await look()
      const { questions } = await look({ bakong: { dailyRequestLimit: 2 } })
      expect(questions).toBe(0)
      expect(await spentQuotas()).toHaveLength(1)

      const { plugin } = readShop(
        configOf({ bakong: { dailyRequestLimit: null } })
      )
      const shop = openBank({
        options: parseOptions(plugin!.options),
        database: databaseOf(
          getContainer().resolve(ContainerRegistrationKeys.PG_CONNECTION)
        ),
        logger: quietLogger,
        tell: () => {},
      })
      try {
        const md5 = "ab".repeat(16)
        const { outcome } =
          await shop.openApi!.client.checkTransactionByMd5(md5)
        expect(outcome).toEqual({ type: "not_found" })
      } finally {
        shop.gateway.close()
      }
      expect(await spentQuotas()).toEqual([])
    })

    const spentQuotas = () =>
      world.sql("SELECT spent_by FROM khqr_quota WHERE spent_at IS NOT NULL")

    it("counts what it asks, and writes it down", async () => {
      await look()
      const calls = await world.sql<{ endpoint: string; actor: string }>(
        "SELECT endpoint, actor FROM khqr_event WHERE kind = 'call' AND actor = 'admin' ORDER BY created_at"
      )
      expect(calls).toEqual([
        { endpoint: "/v1/check_transaction_by_md5_list", actor: "admin" },
        { endpoint: "/v1/check_bakong_account", actor: "admin" },
      ])
    })

    describe("inside Medusa", () => {
      const printed = jest.spyOn(console, "log")

      afterEach(() => printed.mockReset())
      afterAll(() => {
        printed.mockRestore()
        process.exitCode = undefined
      })

      it("finds the same, and sets the exit code", async () => {
        printed.mockImplementation(() => {})
        await doctorScript({ container: getContainer(), args: [] })
        expect(printed.mock.calls.join("\n")).toContain("0 failures")
        expect(process.exitCode).toBe(0)

        bank().setFault({ kind: "forbidden" })
        await doctorScript({ container: getContainer(), args: ["json"] })
        const { findings } = JSON.parse(printed.mock.calls.at(-1)![0])
        expect(findings).toContainEqual(
          expect.objectContaining({ name: "place", level: "failure" })
        )
        expect(process.exitCode).toBe(1)
      })
    })

    describe("from the command line", () => {
      const khqr = async (
        args: string[],
        env: Record<string, string> = {},
        cwd = process.cwd()
      ) => {
        const entry = join(process.cwd(), "src/cli/khqr.ts")
        const tsx = require.resolve("tsx")
        const child = spawn(
          process.execPath,
          ["--import", tsx, entry, ...args],
          {
            cwd,
            env: {
              ...process.env,
              DATABASE_URL: databaseUrl(),
              BAKONG_BASE_URL: bank().url,
              BAKONG_TOKEN: bank().token,
              BAKONG_EMAIL: EMAIL,
              ...env,
            },
          }
        )
        const said = { stdout: "", stderr: "" }
        child.stdout.on("data", (chunk) => (said.stdout += chunk))
        child.stderr.on("data", (chunk) => (said.stderr += chunk))
        const [code] = await once(child, "close")
        keepsSecrets(said.stdout + said.stderr)
        return { code, ...said }
      }

      it("finds this repository's own shop well", async () => {
        const { code, stdout, stderr } = await khqr(["doctor"])
        expect(stdout).toMatch(/^ok +options +Phsar Toul Demo is paid at /)
        expect(stdout).toMatch(/\b0 failures\. Asked Bakong 2 times\.\n$/)
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      })

      it("says by its exit code that something failed", async () => {
        const { code, stdout } = await khqr(["doctor", "--json"], {
          KHQR_ACCOUNT_ID: "not an account",
        })
        const report: Report = JSON.parse(stdout)
        expect(report.questions).toBe(0)
        expect(report.findings[0]).toEqual({
          name: "options",
          level: "failure",
          says: 'merchant.accountId must have the form name@bank, for example "lucky_shop@aclb"',
          mend: "mend it in the plugin's options in medusa-config",
        })
        expect(code).toBe(1)
      })

      it("wants a shop", async () => {
        const { code, stderr } = await khqr(["doctor"], {}, tmpdir())
        expect(stderr).toContain("there is no medusa-config.ts")
        expect(code).toBe(2)
      })

      it("lays a paid charge beside the bank's answers", async () => {
        const { qr, chargeId } = await world.checkout()
        const [{ hash }] = bank().pay({ qr })
        await world.tick()
        const charge = await world.charge(chargeId)
        const asked = bank().requests.length

        const { code, stdout, stderr } = await khqr([
          ...["diagnose", charge.reference],
        ])

        expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
        expect(stdout).toContain("by md5")
        expect(stdout).toContain("by short hash")
        expect(stdout.split(hash.slice(0, 16)).length).toBeGreaterThan(4)
        expect(stdout).toContain(
          "Bakong and the ledger agree. Asked Bakong 3 times."
        )
        expect(bank().requests.length - asked).toBe(3)
      })

      it("says that a person has to look, though both agree", async () => {
        const { qr, chargeId } = await world.checkout()
        bank().pay({ qr, amount: 1 })
        await world.tick()

        const { code, stdout } = await khqr(["diagnose", chargeId])

        expect(stdout).toContain("(amount_mismatch)")
        expect(stdout).toContain(
          "Bakong and the ledger agree, and the charge waits for a person."
        )
        expect(code).toBe(1)
      })

      it("says that nothing was learned from outside Cambodia", async () => {
        const { chargeId } = await world.checkout()
        bank().setFault({ kind: "forbidden" })

        const { code, stdout } = await khqr(["diagnose", chargeId])

        expect(stdout.replace(/\s+/g, " ")).toContain(
          "it takes callers from inside Cambodia only — run the shop's server in Cambodia"
        )
        expect(stdout).toMatch(
          /\nThe bank could not be asked, so this says nothing about the payment\.\n$/
        )
        expect(code).toBe(1)
      })

      it("says that the ledger missed a payment", async () => {
        const { qr, chargeId } = await world.checkout()
        await world.sql(
          "UPDATE khqr_charge SET next_check_at = now() + interval '1 hour' WHERE id = ?",
          [chargeId]
        )
        const [{ shortHash }] = bank().pay({ qr })

        const { code, stdout } = await khqr([
          ...["diagnose", chargeId, "--hash", shortHash, "--json"],
        ])

        const diagnosis = JSON.parse(stdout)
        expect(diagnosis).toMatchObject({
          ledger: { id: chargeId, status: "pending" },
          answers: [
            { asked_by: "md5", outcome: "paid" },
            { asked_by: "short_hash", outcome: "paid" },
          ],
          agrees: false,
          questions: 2,
        })
        expect(code).toBe(1)
      })

      it("knows no charge of another name", async () => {
        const { code, stderr } = await khqr(["diagnose", "khqr_nobody"])
        expect(stderr).toBe(
          "khqr diagnose: there is no charge with the id, reference or md5 khqr_nobody\n"
        )
        expect(code).toBe(1)
      })
    })
  },
})
