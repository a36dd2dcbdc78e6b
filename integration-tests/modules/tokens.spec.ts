import { join } from "node:path"

import { moduleIntegrationTestRunner } from "@medusajs/test-utils"
import { ModulesSdkUtils } from "@medusajs/framework/utils"

import { BakongError, fingerprintOf } from "../../src/bakong"
import { KHQR_MODULE } from "../../src/modules/khqr"
import {
  Tokens,
  type TokensParts,
  type UsableToken,
} from "../../src/modules/khqr/bank/tokens"
import { databaseOf, type Database } from "../../src/modules/khqr/database"
import KhqrCharge from "../../src/modules/khqr/models/charge"
import KhqrEvent from "../../src/modules/khqr/models/event"
import KhqrQuota from "../../src/modules/khqr/models/quota"
import KhqrSetting from "../../src/modules/khqr/models/setting"
import KhqrToken from "../../src/modules/khqr/models/token"
import type { Notice } from "../../src/modules/khqr/notices"
import type KhqrModuleService from "../../src/modules/khqr/service"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.parse("2026-11-21T03:00:00Z")

const EMAIL = "owner.secret@shop.kh"
const KEY = "a key that is long enough for the option"
const PRODUCTION = "https://api-bakong.nbc.gov.kh"
const SIT = "https://sit-api-bakong.nbc.gov.kh"

/** Every token that a test made: none of them may be found in the database. */
const issuedTokens: string[] = []

function jwt(
  issuedAt: number,
  expiresAt: number,
  id = "registration-1"
): string {
  const part = (value: unknown) =>
    Buffer.from(JSON.stringify(value)).toString("base64url")
  const token = [
    part({ alg: "HS256", typ: "JWT" }),
    part({
      data: { id },
      iat: issuedAt / 1000,
      exp: expiresAt / 1000,
    }),
    `signature${issuedTokens.length}`,
  ].join(".")
  issuedTokens.push(token)
  return token
}

const isUsable = (found: object): found is UsableToken => "token" in found

moduleIntegrationTestRunner<KhqrModuleService>({
  moduleName: KHQR_MODULE,
  resolve: "./src/modules/khqr",
  pathToMigrations: join(process.cwd(), "src/modules/khqr/migrations"),
  moduleModels: [KhqrCharge, KhqrEvent, KhqrQuota, KhqrSetting, KhqrToken],
  moduleOptions: {
    merchant: { accountId: "lucky_shop@devb", name: "Lucky Shop" },
    bakong: { token: "none", baseUrl: "http://127.0.0.1:9" },
  },
  testSuite: ({ dbConfig }) => {
    let connection: ReturnType<typeof ModulesSdkUtils.createPgConnection>
    let database: Database
    let now: number
    let notices: Notice[]
    let renewals: number
    /** What `renew_token` does. */
    let renewal: () => Promise<string>

    beforeEach(() => {
      connection = ModulesSdkUtils.createPgConnection(dbConfig)
      database = databaseOf(connection)
      now = START
      notices = []
      renewals = 0
      renewal = async () => jwt(now, now + 90 * DAY)
    })

    /** What one process has. */
    const open = (options: Partial<TokensParts["options"]> = {}): Tokens =>
      new Tokens({
        database,
        options: {
          baseUrl: PRODUCTION,
          email: EMAIL,
          encryptionKey: KEY,
          ...options,
        },
        renew: async (email) => {
          expect(email).toBe(EMAIL)
          renewals++
          return renewal()
        },
        tell: (notice) => notices.push(notice),
        now: () => now,
      })

    /** Before the runner clears the database. */
    const leaveNoTrace = async () => {
      const tables = await Promise.all(
        ["khqr_token", "khqr_event", "khqr_quota", "khqr_setting"].map(
          (table) => database.sql(`SELECT * FROM ${table}`)
        )
      )
      await connection.destroy()
      const written = JSON.stringify([tables, notices])
      for (const token of issuedTokens) {
        expect(written).not.toContain(token)
        expect(written).not.toContain(token.split(".")[2])
      }
      expect(written).not.toContain(EMAIL)
    }

    const told = (name: Notice["name"]) =>
      notices.filter((notice) => notice.name === name)

    const using = async (tokens: Tokens): Promise<string> => {
      const found = await tokens.current()
      if (!isUsable(found)) {
        throw new Error(`${found.problem}: ${found.message}`)
      }
      return found.token
    }

    const kept = () =>
      database.sql<{ fingerprint: string }>(
        "SELECT fingerprint FROM khqr_token WHERE ciphertext IS NOT NULL"
      )

    const fails =
      (message = "no answer", sent = true) =>
      async (): Promise<string> => {
        throw new BakongError("unavailable", message, {
          endpoint: "/v1/renew_token",
          sent,
          requestId: "r1",
          httpStatus: null,
          responseCode: null,
          errorCode: null,
          message,
          durationMs: 1,
          askedAt: now,
          serverTime: null,
        })
      }

    describe("the token in use", () => {
      afterEach(leaveNoTrace)

      it("is missing until there is one, and the message names the mend", async () => {
        expect(await open().current()).toMatchObject({
          problem: "missing",
          message: expect.stringMatching(
            /Paste one \(POST \/admin\/khqr\/token\), .* or set bakong\.token and restart$/
          ),
        })
        expect(
          await open({ encryptionKey: undefined }).current()
        ).toMatchObject({
          message: expect.stringContaining("bakong.encryptionKey"),
        })
      })

      it("is the option's, or a later one that is kept", async () => {
        const token = jwt(START - 2 * DAY, START + 88 * DAY)
        const older = jwt(START - 3 * DAY, START + 87 * DAY)
        const later = jwt(START - DAY, START + 89 * DAY)
        const tokens = open({ token: ` Bearer "${token}" ` })
        expect(await using(tokens)).toBe(token)

        const stored = await tokens.store(older, "pasted")
        expect(stored.message).toBe(
          "The token is kept, and bakong.token is used because it was issued later."
        )
        expect(await using(tokens)).toBe(token)

        expect(await tokens.store(later, "pasted")).toMatchObject({
          usable: true,
          source: "pasted",
          message: null,
          fingerprint: fingerprintOf(later).slice(0, 8),
        })
        expect(await using(open({ token }))).toBe(later)
      })

      it("counts as the same registration after a renewal, and at one host only", async () => {
        const tokens = open({ token: jwt(START, START + 5 * DAY) })
        const before = (await tokens.current()) as UsableToken
        now += 60_000
        expect(await tokens.renewIfDue()).toBe("renewed")
        const after = (await tokens.current()) as UsableToken
        expect(after.fingerprint).not.toBe(before.fingerprint)
        expect(after.tokenKey).toBe(before.tokenKey)

        const elsewhere = (await open({
          baseUrl: SIT,
          token: jwt(START, START + DAY),
        }).current()) as UsableToken
        expect(elsewhere.tokenKey).not.toBe(before.tokenKey)
      })

      it("is not one that was encrypted with another key", async () => {
        await open().store(jwt(START, START + 90 * DAY), "pasted")
        const other = open({ encryptionKey: `another ${KEY}` })
        expect(await other.current()).toMatchObject({
          problem: "undecryptable",
          message: expect.stringContaining("bakong.encryptionKey"),
        })
        expect(
          await open({ encryptionKey: undefined }).current()
        ).toMatchObject({ problem: "undecryptable" })

        const token = jwt(START - DAY, START + 89 * DAY)
        expect(
          await using(open({ encryptionKey: `another ${KEY}`, token }))
        ).toBe(token)
      })

      it("of one host is not shown to another", async () => {
        await open().store(jwt(START, START + 90 * DAY), "pasted")
        expect(await open({ baseUrl: SIT }).current()).toMatchObject({
          problem: "missing",
        })
      })

      it("gets another chance at the right host, after bakong.baseUrl was wrong", async () => {
        const token = jwt(START, START + 90 * DAY)
        const wrong = open({ token, email: undefined, baseUrl: SIT })
        await using(wrong)
        await wrong.refused(fingerprintOf(token))
        expect(await wrong.current()).toMatchObject({ problem: "refused" })

        expect(await using(open({ token }))).toBe(token)
      })

      it.each([
        [PRODUCTION, jwt(START, START + 90 * DAY).slice(0, 50), /is not whole/],
        [SIT, "hello", /is none of Bakong's/],
        [
          "http://127.0.0.1:9100",
          jwt(START, START + 90 * DAY).slice(0, 50),
          /is not whole/,
        ],
      ])(
        "that is broken in the option is not shown to %s, and said so at once",
        async (baseUrl, token, says) => {
          const tokens = open({ token, baseUrl })
          const message = expect.stringMatching(
            new RegExp(`^bakong\\.token ${says.source}.*and restart`)
          )
          expect(await tokens.current()).toEqual({
            problem: "malformed",
            message,
          })
          expect(await tokens.state()).toMatchObject({
            usable: false,
            problem: "malformed",
            message,
          })
          await tokens.warnIfDue()
          expect(notices).toEqual([
            expect.objectContaining({
              name: "khqr.token.refused",
              level: "error",
              message,
            }),
          ])

          const pasted = jwt(START, START + 90 * DAY)
          await tokens.store(pasted, "pasted")
          expect(await using(tokens)).toBe(pasted)
          expect(await tokens.state()).toMatchObject({ usable: true, message })
          expect(renewals).toBe(0)
        }
      )

      it("may be a relay's of any form, and is not judged by it", async () => {
        expect(
          await using(
            open({ token: "hello", baseUrl: "https://relay.example.com" })
          )
        ).toBe("hello")
      })

      it("says of itself nothing secret", async () => {
        const token = jwt(START - DAY, START + 89 * DAY)
        const state = await open({ token, email: undefined }).state()
        expect(state).toEqual({
          usable: true,
          problem: null,
          message: null,
          source: "option",
          fingerprint: fingerprintOf(token).slice(0, 8),
          token_key: expect.stringMatching(/^[0-9a-f]{64}$/),
          issued_at: new Date(START - DAY),
          expires_at: new Date(START + 89 * DAY),
          days_left: 89,
          can_renew: false,
          cannot_renew_because: expect.stringContaining("bakong.email"),
          last_renewal_error: null,
          can_store: true,
        })
      })
    })

    describe("a pasted token", () => {
      afterEach(leaveNoTrace)

      it("is refused without a key to encrypt it with, and says so", async () => {
        await expect(
          open({ encryptionKey: undefined }).store(
            jwt(START, START + DAY),
            "pasted"
          )
        ).rejects.toMatchObject({
          type: "not_allowed",
          message: expect.stringContaining("bakong.encryptionKey is not set"),
        })
      })

      it.each([
        ["without a token in it", "“ ”", /no token in this text/],
        ["cut off", jwt(START, START + DAY).slice(0, 50), /not whole/],
        [
          "expired",
          jwt(START - 90 * DAY, START - DAY),
          /expired on 2026-11-20/,
        ],
      ])("%s is refused by that name", async (_, pasted, message) => {
        await expect(open().store(pasted, "pasted")).rejects.toMatchObject({
          type: "invalid_data",
          message: expect.stringMatching(message),
        })
      })

      it("of the other environment is named as such, also after a renewal there", async () => {
        const sit = open({ baseUrl: SIT, token: jwt(START, START + 90 * DAY) })
        await sit.answered(fingerprintOf(await using(sit)))
        const sibling = jwt(START + 60_000, START + 91 * DAY)
        await expect(open().store(sibling, "pasted")).rejects.toMatchObject({
          type: "invalid_data",
          message: expect.stringContaining(
            `known for ${SIT}, the shop asks ${PRODUCTION}`
          ),
        })
        await open().store(
          jwt(START, START + 90 * DAY, "registration-2"),
          "pasted"
        )
      })

      it("that is no JWT is none of the National Bank's", async () => {
        await expect(
          open().store("hello world", "pasted")
        ).rejects.toMatchObject({
          type: "invalid_data",
          message: expect.stringContaining("none of Bakong's"),
        })
      })

      it("of a relay that does not say when it ends is kept, with a warning", async () => {
        const relay = open({ baseUrl: "https://relay.example.com" })
        expect(await relay.store("opaque-token-of-a-relay", "pasted")).toEqual(
          expect.objectContaining({
            usable: true,
            expires_at: null,
            message: expect.stringContaining("does not say when it expires"),
          })
        )
        issuedTokens.push("opaque.token.opaque-token-of-a-relay")
      })

      it.each([
        {
          what: "bakong.token does not say when it was issued",
          option: "opaque-option",
          pasted: jwt(START, START + 90 * DAY),
          says: /^The token is kept, and bakong\.token is used: it does not say when it was issued, and goes before all others\. To use the kept one, take bakong\.token out and restart\./,
        },
        {
          what: "it does not say so itself",
          option: jwt(START - DAY, START + 89 * DAY),
          pasted: "opaque-pasted",
          says: /^The token is kept, and bakong\.token is used: the kept one does not say when it was issued, and one that does goes before it\.$/,
        },
      ])(
        "is kept and not used where $what, by that reason",
        async ({ option, pasted, says }) => {
          const relay = open({
            token: option,
            baseUrl: "https://relay.example.com",
          })
          expect((await relay.store(pasted, "pasted")).message).toMatch(says)
          expect(await using(relay)).toBe(option)
        }
      )

      it("that the bank refuses leaves a trace while it is the newest", async () => {
        const option = jwt(START - 2 * DAY, START + 88 * DAY)
        const pasted = jwt(START - DAY, START + 89 * DAY)
        const tokens = open({ token: option })
        await tokens.store(pasted, "pasted")
        now += DAY
        await tokens.refused(fingerprintOf(await using(tokens)))
        await tokens.answered(fingerprintOf(await using(tokens)))

        expect(await using(tokens)).toBe(option)
        expect(await tokens.state()).toMatchObject({
          usable: true,
          source: "option",
          message: expect.stringMatching(
            /^The token pasted on 2026-11-21 was refused, .*test environment.*Another one is used$/
          ),
        })

        await tokens.store(jwt(now, now + 90 * DAY), "pasted")
        expect(await tokens.state()).toMatchObject({ message: null })
      })

      it("that was refused is asked about again, because a person insists", async () => {
        const token = jwt(START, START + 90 * DAY)
        const tokens = open({ token, encryptionKey: undefined })
        await using(tokens)
        await tokens.refused(fingerprintOf(token))
        await tokens.store(token, "pasted")
        expect(await using(tokens)).toBe(token)
        expect(await kept()).toEqual([])
      })
    })

    describe("a refusal", () => {
      afterEach(leaveNoTrace)

      it("leads to one renewal, however many processes hear it at once", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const processes = Array.from({ length: 5 }, () => open({ token }))
        await Promise.all(processes.map((tokens) => tokens.current()))

        await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            processes[i % 5].refused(fingerprintOf(token))
          )
        )

        expect(renewals).toBe(1)
        expect(told("khqr.token.refused")).toHaveLength(1)
        expect(told("khqr.token.renewed")).toHaveLength(1)
        const used = await Promise.all(processes.map(using))
        expect(new Set(used).size).toBe(1)
        expect(used[0]).not.toBe(token)
      })

      it("stops the calls when the renewal fails, and says so once", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        renewal = fails(`${EMAIL} is unknown, says ${token}`)
        const processes = Array.from({ length: 4 }, () => open({ token }))
        await Promise.all(processes.map((tokens) => tokens.current()))

        for (let round = 0; round < 3; round++) {
          await Promise.all(
            processes.map((tokens) => tokens.refused(fingerprintOf(token)))
          )
          now += 6 * HOUR
          expect(await processes[0].renewIfDue()).toBe("not_due")
        }

        expect(renewals).toBe(1)
        expect(told("khqr.token.renewal_failed")).toEqual([
          expect.objectContaining({
            level: "error",
            message: expect.stringMatching(
              /Renew it \(POST \/admin\/khqr\/token\/renew\), paste a new one \(POST \/admin\/khqr\/token\).*paste it once more.*once a day/
            ),
          }),
        ])
        for (const tokens of [...processes, open({ token })]) {
          expect(await tokens.current()).toMatchObject({
            problem: "refused",
            message: expect.stringContaining(
              "Renewing it failed: [e-mail] is unknown, says [token]. Nothing"
            ),
          })
        }
        expect(await processes[0].state()).toMatchObject({
          usable: false,
          last_renewal_error: "[e-mail] is unknown, says [token]",
        })

        const fresh = jwt(now, now + 90 * DAY)
        await processes[0].store(fresh, "pasted")
        expect(await using(processes[3])).toBe(fresh)
      })

      it("without an e-mail is told with the mend, and nothing is tried", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({ token, email: undefined })
        await using(tokens)
        await tokens.refused(fingerprintOf(token))
        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(0)
        expect(notices).toEqual([
          expect.objectContaining({
            name: "khqr.token.refused",
            level: "error",
            message: expect.stringMatching(/another|test environment/),
          }),
        ])
      })

      it("of the renewed token ends it: there is no second renewal", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({ token })
        await using(tokens)
        await tokens.refused(fingerprintOf(token))
        await tokens.refused(fingerprintOf(await using(tokens)))
        expect(renewals).toBe(1)
        expect(told("khqr.token.renewal_failed")).toHaveLength(1)
        expect(await tokens.current()).toMatchObject({ problem: "refused" })
        now += 19 * HOUR
        expect(await tokens.renewIfDue()).toBe("not_due")
        expect(renewals).toBe(1)
      })

      it("costs nothing where a sibling has a newer token already", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({ token })
        await using(tokens)
        const newer = jwt(START, START + 90 * DAY)
        await open().store(newer, "pasted")
        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(0)
        expect(await using(tokens)).toBe(newer)
      })

      it("of the last token shows what became of its renewal, also where another is the latest", async () => {
        const option = jwt(START - 2 * DAY, START + 88 * DAY)
        const pasted = jwt(START - DAY, START + 89 * DAY)
        renewal = fails()
        const tokens = open({ token: option })
        await tokens.store(pasted, "pasted")
        await tokens.refused(fingerprintOf(pasted))
        now += MINUTE
        await tokens.refused(fingerprintOf(option))

        expect(renewals).toBe(1)
        expect(await tokens.state()).toMatchObject({
          usable: false,
          problem: "refused",
          last_renewal_error: "no answer",
          message: expect.stringMatching(
            /Renewing it failed: no answer\..*Renew it \(POST \/admin\/khqr\/token\/renew\), paste a new one/
          ),
        })
      })

      it("of the option's token shows the failed renewal, also where one in the database cannot be read", async () => {
        const option = jwt(START - DAY, START + 89 * DAY)
        await open().store(jwt(START, START + 90 * DAY), "pasted")
        renewal = fails()
        const tokens = open({ token: option, encryptionKey: `another ${KEY}` })
        await using(tokens)
        await tokens.refused(fingerprintOf(option))
        expect(await tokens.state()).toMatchObject({
          problem: "undecryptable",
          last_renewal_error: "no answer",
          message: expect.stringContaining("Renewing failed: no answer."),
        })
      })

      it("whose renewal is under way for another token than the latest says so", async () => {
        const option = jwt(START - 2 * DAY, START + 88 * DAY)
        const pasted = jwt(START - DAY, START + 89 * DAY)
        const tokens = open({ token: option })
        await tokens.store(pasted, "pasted")
        await tokens.refused(fingerprintOf(pasted))
        renewal = async () => {
          expect(await open({ token: option }).current()).toMatchObject({
            message: expect.stringContaining("It is being renewed."),
          })
          return jwt(now, now + 90 * DAY)
        }
        await tokens.refused(fingerprintOf(option))
        expect(renewals).toBe(1)
        await using(tokens)
      })

      it("of a token that nobody knows any more is no news", async () => {
        await open().refused("f".repeat(64))
        expect(notices).toEqual([])
      })

      it("whose renewal died with its process is told, and stays a refusal", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({ token })
        await using(tokens)
        let die!: () => void
        const begun = new Promise<void>((resolve) => {
          renewal = () => {
            resolve()
            return new Promise((_, reject) => {
              die = () => reject(new Error("killed"))
            })
          }
        })
        const dying = tokens.refused(fingerprintOf(token))
        await begun
        expect(await open({ token }).current()).toMatchObject({
          message: expect.stringContaining("being renewed"),
        })

        now += 10 * MINUTE
        expect(await open({ token }).renewIfDue()).toBe("failed")
        expect(await open({ token }).renewIfDue()).toBe("not_due")
        expect(told("khqr.token.renewal_failed")).toHaveLength(1)
        expect(renewals).toBe(1)
        die()
        await dying
      })

      it("is taken back when the bank takes the token after all, by whichever process hears it", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        renewal = fails()
        const [here, elsewhere] = [open({ token }), open({ token })]
        await using(here)
        await here.answered(fingerprintOf(token))
        await using(elsewhere)
        await here.refused(fingerprintOf(token))
        expect(await open({ token }).current()).toMatchObject({
          problem: "refused",
        })

        await elsewhere.answered(fingerprintOf(token))

        expect(await using(here)).toBe(token)
        expect(await here.state()).toMatchObject({
          usable: true,
          last_renewal_error: null,
        })
      })

      it("that comes and goes costs one renewal a day", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        renewal = fails()
        const tokens = open({ token })
        await using(tokens)
        for (let hour = 0; hour < 20; hour++) {
          await tokens.refused(fingerprintOf(token))
          expect(await tokens.current()).toMatchObject({
            problem: "refused",
            message: expect.not.stringContaining("being renewed"),
          })
          await tokens.answered(fingerprintOf(token))
          await using(tokens)
          now += HOUR
        }
        expect(renewals).toBe(1)

        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(2)
      })

      it("that the bank takes back during the renewal leaves no error behind", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({ token })
        await using(tokens)
        renewal = async () => {
          await open({ token }).answered(fingerprintOf(token))
          return fails()()
        }

        await tokens.refused(fingerprintOf(token))

        expect(await tokens.state()).toMatchObject({
          usable: true,
          last_renewal_error: null,
        })
        expect(told("khqr.token.renewal_failed")).toEqual([
          expect.objectContaining({
            message: expect.stringContaining("The one in use is valid until"),
          }),
        ])
        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(1)
        expect(told("khqr.token.refused").at(-1)).toMatchObject({
          level: "error",
        })
      })

      it("is tried again once a day, by one process, and told again if it stands", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        renewal = fails()
        const processes = Array.from({ length: 4 }, () => open({ token }))
        await Promise.all(processes.map(using))
        await processes[0].refused(fingerprintOf(token))
        const tryAll = () =>
          Promise.all(processes.map((tokens) => tokens.renewIfDue()))

        for (let day = 1; day <= 3; day++) {
          now = START + day * DAY - 5 * HOUR
          await tryAll()
          expect(await processes[1].current()).toMatchObject({
            problem: "refused",
          })

          now = START + day * DAY
          expect((await tryAll()).sort()).toEqual([
            "not_due",
            "not_due",
            "not_due",
            "tried_again",
          ])
          expect(await using(processes[1])).toBe(token)
          expect(renewals).toBe(day)

          await Promise.all(
            processes.map((tokens) => tokens.refused(fingerprintOf(token)))
          )
          expect(renewals).toBe(day + 1)
          expect(told("khqr.token.refused")).toHaveLength(day + 1)
          expect(told("khqr.token.renewal_failed")).toHaveLength(day + 1)
        }
      })

      it("that was a passing fault heals within a day, without an e-mail too", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({
          token,
          email: undefined,
          encryptionKey: undefined,
        })
        await using(tokens)
        await tokens.refused(fingerprintOf(token))
        now += DAY
        expect(await tokens.renewIfDue()).toBe("tried_again")
        await tokens.answered(fingerprintOf(await using(tokens)))
        now += DAY
        expect(await tokens.renewIfDue()).toBe("not_due")
        expect(await using(tokens)).toBe(token)
      })

      it("of the renewed token too tries the one again that the bank knew", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({ token })
        await using(tokens)
        await tokens.answered(fingerprintOf(token))
        await tokens.refused(fingerprintOf(token))
        await tokens.refused(fingerprintOf(await using(tokens)))
        expect(renewals).toBe(1)

        now += DAY
        expect(await tokens.renewIfDue()).toBe("tried_again")
        expect(await using(tokens)).toBe(token)
        expect(await tokens.renewIfDue()).toBe("not_due")

        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(2)
      })

      it("of a renewed token that nobody ever knew is followed by a renewal the next day", async () => {
        const tokens = open()
        await tokens.renewNow()
        const first = await using(tokens)
        await tokens.refused(fingerprintOf(first))
        expect(renewals).toBe(1)

        now += DAY
        expect(await tokens.renewIfDue()).toBe("tried_again")
        await tokens.refused(fingerprintOf(await using(tokens)))
        expect(renewals).toBe(2)
        expect(await using(tokens)).not.toBe(first)
      })

      it("whose renewal our own gate did not let out is not settled: the next one renews", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        renewal = fails("the circuit is open", false)
        const tokens = open({ token })
        await using(tokens)
        await tokens.refused(fingerprintOf(token))
        expect(told("khqr.token.renewal_failed")).toEqual([])
        expect(await tokens.state()).toMatchObject({
          usable: true,
          last_renewal_error: null,
        })

        renewal = async () => jwt(now, now + 90 * DAY)
        await tokens.refused(fingerprintOf(token))
        expect(await using(tokens)).not.toBe(token)
      })

      it("soon after a daily renewal that failed has a renewal of its own, and no third", async () => {
        const token = jwt(START - 84 * DAY, START + 6 * DAY)
        renewal = fails()
        const tokens = open({ token })
        expect(await tokens.renewIfDue()).toBe("failed")
        now += 10 * MINUTE

        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(2)
        await tokens.answered(fingerprintOf(token))
        now += 10 * MINUTE
        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(2)
        expect(await tokens.current()).toMatchObject({ problem: "refused" })
      })

      it("of the renewed token and then of the one it replaced costs no other renewal", async () => {
        const token = jwt(START - 84 * DAY, START + 6 * DAY)
        const tokens = open({ token })
        await using(tokens)
        await tokens.answered(fingerprintOf(token))
        expect(await tokens.renewIfDue()).toBe("renewed")
        await tokens.refused(fingerprintOf(await using(tokens)))
        expect(await using(tokens)).toBe(token)
        now += 10 * MINUTE
        await tokens.refused(fingerprintOf(token))
        expect(renewals).toBe(1)
      })

      it("during a renewal begins no second one, and its failure is told as a refusal", async () => {
        const token = jwt(START - 84 * DAY, START + 6 * DAY)
        const tokens = open({ token })
        renewal = async () => {
          await open({ token }).refused(fingerprintOf(token))
          return fails()()
        }
        expect(await tokens.renewIfDue()).toBe("failed")
        expect(renewals).toBe(1)
        expect(told("khqr.token.renewal_failed")).toEqual([
          expect.objectContaining({
            message: expect.stringMatching(
              /refuses the token.*Renewing it failed/
            ),
          }),
        ])
      })
    })

    describe("a renewal", () => {
      afterEach(leaveNoTrace)

      it("keeps the old token until the bank has answered the new one", async () => {
        const old = jwt(START - 83 * DAY, START + 7 * DAY)
        const tokens = open()
        await tokens.store(old, "pasted")
        await tokens.answered(fingerprintOf(old))

        expect(await tokens.renewIfDue()).toBe("renewed")
        const renewed = await using(tokens)
        expect(renewed).not.toBe(old)
        expect(await kept()).toHaveLength(2)

        await tokens.answered(fingerprintOf(renewed))
        expect(await kept()).toEqual([{ fingerprint: fingerprintOf(renewed) }])
        expect(await using(open())).toBe(renewed)
      })

      it("whose token is refused at its first use falls back to the old one", async () => {
        const old = jwt(START - 83 * DAY, START + 7 * DAY)
        const tokens = open()
        await tokens.store(old, "pasted")
        await tokens.answered(fingerprintOf(old))
        await tokens.renewIfDue()

        await tokens.refused(fingerprintOf(await using(tokens)))

        expect(renewals).toBe(1)
        expect(await using(open())).toBe(old)
        now += 600_000
        expect(await tokens.renewIfDue()).toBe("not_due")
        now += DAY
        expect(await tokens.renewIfDue()).toBe("renewed")
      })

      it("is not due early, is tried by one process, and once a day after a failure", async () => {
        const token = jwt(START - 82 * DAY, START + 8 * DAY)
        const processes = Array.from({ length: 5 }, () => open({ token }))
        const tryAll = () =>
          Promise.all(processes.map((tokens) => tokens.renewIfDue()))
        renewal = fails()
        expect(new Set(await tryAll())).toEqual(new Set(["not_due"]))

        for (let day = 1; day <= 3; day++) {
          now = START + day * DAY
          await tryAll()
          await tryAll()
          expect(renewals).toBe(day)
        }
        expect(told("khqr.token.renewal_failed")).toHaveLength(3)
        expect(await using(processes[0])).toBe(token)
      })

      it("comes after the end too, by the first call that needs it", async () => {
        const token = jwt(START - 89 * DAY, START + DAY)
        const processes = Array.from({ length: 4 }, () => open({ token }))
        await Promise.all(processes.map(using))
        now = START + DAY

        await Promise.all(processes.map((tokens) => tokens.current()))

        expect(renewals).toBe(1)
        for (const tokens of processes) {
          expect(await using(tokens)).not.toBe(token)
        }
      })

      it("after the end that fails is tried again after 5, 10, 20 and each 30 minutes, and told once a day", async () => {
        const token = jwt(START - 89 * DAY, START + DAY)
        renewal = fails()
        const processes = Array.from({ length: 3 }, () => open({ token }))
        await Promise.all(processes.map(using))
        const triedAt: number[] = []
        for (let minute = 0; minute <= 130; minute++) {
          now = START + DAY + minute * MINUTE
          const before = renewals
          const found = await Promise.all(
            processes.map((tokens) => tokens.current())
          )
          expect(found[0]).toMatchObject({ problem: "expired" })
          if (renewals > before) {
            triedAt.push(minute)
            expect(renewals).toBe(before + 1)
          }
        }
        expect(triedAt).toEqual([0, 5, 15, 35, 65, 95, 125])
        expect(await processes[0].current()).toMatchObject({
          message: expect.stringMatching(
            /expired on 2026-11-22\. Renewing it failed: no answer\. It is tried again by itself/
          ),
        })
        expect(told("khqr.token.renewal_failed")).toHaveLength(1)
        now = START + 2 * DAY
        await processes[0].current()
        expect(told("khqr.token.renewal_failed")).toHaveLength(2)

        renewal = async () => jwt(now, now + 90 * DAY)
        now += 30 * MINUTE
        await using(processes[2])
      })

      it("after the end comes for a token that was refused before it, too", async () => {
        const token = jwt(START - 89 * DAY, START + DAY)
        renewal = fails()
        const tokens = open({ token })
        await using(tokens)
        await tokens.refused(fingerprintOf(token))
        now = START + DAY - MINUTE
        expect(await tokens.current()).toMatchObject({ problem: "refused" })
        expect(renewals).toBe(1)

        renewal = async () => jwt(now, now + 90 * DAY)
        now = START + DAY
        expect(await using(tokens)).not.toBe(token)
        expect(renewals).toBe(2)
      })

      it("after the end that our own gate did not let out is tried at the next call, and not told", async () => {
        const token = jwt(START - 89 * DAY, START + DAY)
        renewal = fails("the circuit is open", false)
        const tokens = open({ token })
        now = START + DAY
        for (let i = 0; i < 3; i++) {
          expect(await tokens.current()).toMatchObject({ problem: "expired" })
        }
        expect(notices).toEqual([])
        renewal = async () => jwt(now, now + 90 * DAY)
        await using(tokens)
      })

      it("is nothing that reading the state does", async () => {
        const token = jwt(START - 89 * DAY, START + DAY)
        const tokens = open({ token })
        const { token_key } = await tokens.state()
        now = START + DAY
        expect(await tokens.state()).toMatchObject({
          usable: false,
          problem: "expired",
          token_key,
        })
        expect(renewals).toBe(0)
      })

      it("that brings the same token, or an expired one, has failed", async () => {
        const token = jwt(START - 83 * DAY, START + 7 * DAY)
        const tokens = open({ token })
        renewal = async () => token
        expect(await tokens.renewIfDue()).toBe("failed")
        expect((await tokens.state()).last_renewal_error).toMatch(/same token/)

        now += DAY
        renewal = async () => jwt(START - 90 * DAY, START - DAY)
        expect(await tokens.renewIfDue()).toBe("failed")
        expect((await tokens.state()).last_renewal_error).toMatch(/expired/)
      })

      it("is impossible without an e-mail or a key", async () => {
        const token = jwt(START - 83 * DAY, START + 7 * DAY)
        for (const lack of [
          { email: undefined },
          { encryptionKey: undefined },
        ]) {
          const tokens = open({ token, ...lack })
          expect(await tokens.renewIfDue()).toBe("impossible")
          await expect(tokens.renewNow()).rejects.toMatchObject({
            type: "not_allowed",
          })
        }
        expect(renewals).toBe(0)
      })

      it("by a person's wish works at any time, also after a refusal", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        const tokens = open({ token })
        renewal = fails(`no such address: ${EMAIL}`)
        await using(tokens)
        await tokens.refused(fingerprintOf(token))
        await expect(tokens.renewNow()).rejects.toMatchObject({
          kind: "unavailable",
          message: "no such address: [e-mail]",
        })

        renewal = async () => jwt(now, now + 90 * DAY)
        expect(await tokens.renewNow()).toMatchObject({
          usable: true,
          source: "renewed",
          days_left: 90,
        })
        expect(renewals).toBe(3)
      })

      it("by a person's wish fetches the first token as well", async () => {
        expect(await open().renewNow()).toMatchObject({ usable: true })
      })

      it("of the first token by several persons at once happens once, and again after a failure", async () => {
        renewal = fails()
        await expect(open().renewNow()).rejects.toMatchObject({
          kind: "unavailable",
        })

        renewal = async () => jwt(now, now + 90 * DAY)
        const results = await Promise.allSettled(
          Array.from({ length: 4 }, () => open().renewNow())
        )
        expect(results.map(({ status }) => status).sort()).toEqual([
          "fulfilled",
          "rejected",
          "rejected",
          "rejected",
        ])
        expect(renewals).toBe(2)
        expect(
          results.find(({ status }) => status === "rejected")
        ).toMatchObject({
          reason: {
            type: "not_allowed",
            message: expect.stringContaining("being renewed at this moment"),
          },
        })
      })

      it("of the first token that died with its process is not in the way for long", async () => {
        renewal = () => new Promise(() => {})
        void open().renewNow()
        while (renewals === 0) {
          await new Promise(setImmediate)
        }
        renewal = async () => jwt(now, now + 90 * DAY)
        await expect(open().renewNow()).rejects.toMatchObject({
          type: "not_allowed",
        })
        now += 6 * MINUTE
        expect(await open().renewNow()).toMatchObject({ usable: true })
      })

      it("by two persons at once happens once", async () => {
        const token = jwt(START - DAY, START + 60 * DAY)
        await using(open({ token }))
        const results = await Promise.allSettled(
          [open({ token }), open({ token })].map((tokens) => tokens.renewNow())
        )
        expect(results.map(({ status }) => status).sort()).toEqual([
          "fulfilled",
          "rejected",
        ])
        expect(renewals).toBe(1)
      })
    })

    describe("warnings", () => {
      afterEach(leaveNoTrace)

      it("come at 14, 7, 3 and 1 days and at the end, once each for all processes", async () => {
        const token = jwt(START - 70 * DAY, START + 20 * DAY)
        const processes = Array.from({ length: 3 }, () =>
          open({ token, email: undefined })
        )
        for (let hour = 0; hour <= 23 * 24; hour += 12) {
          now = START + hour * 3_600_000
          await Promise.all(processes.map((tokens) => tokens.warnIfDue()))
        }
        expect(
          told("khqr.token.expiring").map(({ data }) => data.days_left)
        ).toEqual([14, 7, 3, 1, 0])
        expect(told("khqr.token.expiring")[1]).toMatchObject({
          level: "warn",
          data: { expires_at: "2026-12-11T03:00:00.000Z", source: "option" },
          message: expect.stringContaining("Set bakong.encryptionKey and"),
        })
      })

      it("begin anew with a new token", async () => {
        const token = jwt(START - 85 * DAY, START + 5 * DAY)
        const tokens = open({ token })
        await tokens.warnIfDue()
        await tokens.renewIfDue()
        await tokens.warnIfDue()
        expect(told("khqr.token.expiring")).toHaveLength(1)
        now = START + 80 * DAY
        await tokens.warnIfDue()
        expect(told("khqr.token.expiring")).toHaveLength(2)
      })
    })
  },
})
