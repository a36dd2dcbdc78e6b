import { ModulesSdkUtils } from "@medusajs/framework/utils"

import {
  FIND_OPEN_OVER,
  type AnnouncedMoney,
} from "../../src/modules/khqr/announcements"
import {
  MOST_LATE_SIGNALS,
  SIGNAL_COOLDOWN_MS,
} from "../../src/modules/khqr/pace"
import { CHECKS_AT_ONCE } from "../../src/modules/khqr/round"
import type KhqrModuleService from "../../src/modules/khqr/service"
import type { Charge } from "../../src/modules/khqr/types"
import { onKhqrModule } from "./world"

const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const ago = (ms: number): Date => new Date(Date.now() - ms)

let sessions = 0

/** What the tests of each shop do. */
function helpersFor(service: KhqrModuleService) {
  /** In an hour it would be asked about. */
  const issue = async (
    changes: Partial<Charge> = {},
    amount = "12.50",
    currency_code = "usd"
  ): Promise<Charge> => {
    const { id } = await service.issueCharge(
      { payment_session_id: `payses_${sessions++}`, amount, currency_code },
      "medusa"
    )
    const [charge] = await service.updateKhqrCharges([
      { id, next_check_at: new Date(Date.now() + HOUR), ...changes },
    ])
    return charge
  }

  const announce = (
    changes: Partial<AnnouncedMoney> = {},
    actor = "apk_forwarder"
  ) =>
    service.announceMoney(
      {
        khqr_amount: "12.50",
        currency_code: "usd",
        reference: null,
        paid_at: null,
        ...changes,
      },
      actor
    )

  const read = (charge: Charge) => service.retrieveKhqrCharge(charge.id)

  const isDue = async (charge: Charge): Promise<boolean> => {
    const { next_check_at } = await read(charge)
    return next_check_at !== null && next_check_at.getTime() <= Date.now()
  }

  const idsOf = (charges: { id: string }[]) => charges.map(({ id }) => id)

  /** As if the repeats of a notice could come no more. */
  const letRepeatsPass = async () => {
    const counts = await service.listKhqrAttempts({})
    await service.updateKhqrAttempts(
      counts
        .filter(({ id }) => id.startsWith("announcement:repeat:"))
        .map(({ id }) => ({ id, window_started_at: ago(HOUR) }))
    )
  }

  /** All over the same money, the newest first. */
  const issueMany = async (
    count: number,
    changes: Partial<Charge> = {}
  ): Promise<Charge[]> => {
    const charges: Charge[] = []
    for (let nth = 0; nth < count; nth++) {
      charges.push(await issue({ issued_at: ago(nth * SECOND), ...changes }))
    }
    return charges
  }

  return { issue, issueMany, announce, read, isDue, idsOf, letRepeatsPass }
}

onKhqrModule(({ service, dbConfig }) => {
  const { issue, announce, read, isDue, idsOf, letRepeatsPass } =
    helpersFor(service)

  describe("money that is announced", () => {
    it("has the open charge over it asked about at once, and says so in its history", async () => {
      const charge = await issue()

      const heard = await announce()

      expect(heard).toEqual({
        signalled: [
          { id: charge.id, reference: charge.reference, status: "pending" },
        ],
        matched: 1,
        message:
          "The bank is asked about 1 KHQR over 12.50 USD as soon as it may be.",
      })
      expect(await isDue(charge)).toBe(true)
      expect(await read(charge)).toMatchObject({
        status: "pending",
        last_signal: "announced",
        last_signal_at: expect.any(Date),
        evidence: null,
        paid_at: null,
      })
      expect(
        await service.listKhqrEvents({ charge_id: charge.id, kind: "signal" })
      ).toMatchObject([
        {
          actor: "apk_forwarder",
          status: "pending",
          message: "announced 12.50 USD",
        },
      ])
    })

    it("means neither another amount nor the same number in another currency", async () => {
      const others = [
        await issue({}, "12.51"),
        await issue({}, "12"),
        await issue({}, "12500", "khr"),
      ]

      expect(await announce()).toEqual({
        signalled: [],
        matched: 0,
        message: "No open KHQR asks for 12.50 USD.",
      })
      const riel = await announce({
        khqr_amount: "12500",
        currency_code: "khr",
      })

      expect(idsOf(riel.signalled)).toEqual([others[2].id])
      expect(await Promise.all(others.map(isDue))).toEqual([false, false, true])
    })

    it("means whatever may still be paid: shown, superseded and failed", async () => {
      const open = [
        await issue(),
        await issue({ superseded_at: ago(1_000) }),
        await issue({ status: "failed" }),
      ]
      await issue({ mode: "static" })
      await issue({ status: "completed", evidence: "khqr" })
      await issue({
        status: "paid",
        evidence: "staff",
        review_reason: "orphaned",
      })
      await issue({ review_reason: "hash_used" })
      await issue({ review_reason: "unverifiable", resolution: "dismiss" })

      const { signalled, matched } = await announce()

      expect(idsOf(signalled).sort()).toEqual(idsOf(open).sort())
      expect(matched).toBe(3)
    })

    const expiredSince = (ms: number) =>
      issue({
        status: "expired",
        issued_at: ago(ms + 10 * MINUTE),
        expires_at: ago(ms),
      })

    it("means what expired, for a day, where nothing is open", async () => {
      const [lately, before] = [
        await expiredSince(HOUR),
        await expiredSince(23 * HOUR),
      ]
      await expiredSince(25 * HOUR)
      expect(idsOf((await announce()).signalled)).toEqual(
        idsOf([lately, before])
      )

      const open = await issue()
      await letRepeatsPass()
      expect(await announce()).toMatchObject({
        signalled: [{ id: open.id }],
        matched: 1,
      })
    })

    it("means one that expired beside the open ones where the notice's time is its own", async () => {
      const open = await issue({ issued_at: ago(HOUR) })
      const mayBe = await expiredSince(29 * MINUTE)
      await expiredSince(31 * MINUTE)

      const { signalled, matched } = await announce({
        paid_at: ago(20 * MINUTE),
      })

      expect(idsOf(signalled)).toEqual(idsOf([open, mayBe]))
      expect(matched).toBe(2)
    })

    it("finds the open one behind many that are over", async () => {
      const open = await issue({ issued_at: ago(HOUR) })
      for (let n = 0; n < 12; n++) {
        await issue({ status: "expired", expires_at: ago(MINUTE) })
      }
      expect(idsOf((await announce()).signalled)).toEqual([open.id])
    })

    it("does not say that it asks about an expired one which was asked about too often", async () => {
      const charge = await issue({
        status: "expired",
        expires_at: ago(HOUR),
        late_signals: MOST_LATE_SIGNALS,
      })
      expect(await announce({ reference: charge.id })).toMatchObject({
        signalled: [],
        matched: 1,
      })
      expect((await read(charge)).last_signal_at).toBeNull()
    })

    it("does not mean what was issued after it was paid, to the minute", async () => {
      const before = await issue({ issued_at: ago(10 * 60_000) })
      const sameMinute = await issue({ issued_at: ago(5 * 60_000 - 30_000) })
      const after = await issue()

      const { signalled } = await announce({ paid_at: ago(5 * 60_000) })

      expect(idsOf(signalled)).toEqual(idsOf([sameMinute, before]))
      expect(await isDue(after)).toBe(false)
    })
  })

  it("finds its charges by their index", async () => {
    const knex = ModulesSdkUtils.createPgConnection({
      clientUrl: dbConfig.clientUrl,
      driverOptions: { ssl: false, connection: { ssl: false } },
    } as never)
    const over = ["12.50", "usd", new Date(), ago(24 * HOUR)]
    try {
      const plan = await knex.transaction(async (trx) => {
        // On a table without rows nothing but a missing index is slower than reading it all.
        await trx.raw("SET LOCAL enable_seqscan = off")
        const { rows } = await trx.raw(`EXPLAIN ${FIND_OPEN_OVER}`, [
          ...over,
          ...over,
        ])
        return rows.map((row: object) => Object.values(row)[0]).join("\n")
      })
      expect(plan).toContain("IDX_khqr_charge_open_amount")
      expect(plan).not.toMatch(/Seq Scan|Sort/)
    } finally {
      await knex.destroy()
    }
  })

  describe("a reference", () => {
    it.each([
      ["the bill number", (charge: Charge) => charge.reference],
      [
        "the bill number in small letters",
        (charge: Charge) => charge.reference.toLowerCase(),
      ],
      ["the id", (charge: Charge) => charge.id],
    ])("that is %s means that charge alone", async (_, name) => {
      const meant = await issue()
      const other = await issue()

      const heard = await announce({ reference: name(meant) })

      expect(idsOf(heard.signalled)).toEqual([meant.id])
      expect(await isDue(other)).toBe(false)
    })

    it("means one that expired, beside others that are open", async () => {
      const meant = await issue({ status: "expired", expires_at: ago(HOUR) })
      await issue()
      const { signalled } = await announce({ reference: meant.reference })
      expect(idsOf(signalled)).toEqual([meant.id])
    })

    it("that is nobody's leaves it to the amount", async () => {
      const charge = await issue()
      const { signalled } = await announce({ reference: "176542930423491" })
      expect(idsOf(signalled)).toEqual([charge.id])
    })

    it("of a charge over other money is refused, and nothing is asked", async () => {
      const named = await issue({}, "11")
      const other = await issue()

      await expect(announce({ reference: named.reference })).rejects.toThrow(
        `reference names KHQR ${named.reference}, which asks for 11.00 USD, and 12.50 USD was announced.`
      )
      expect(await isDue(named)).toBe(false)
      expect(await isDue(other)).toBe(false)
    })

    it.each<[string, Partial<Charge>, RegExp]>([
      [
        "has its money",
        { status: "completed", evidence: "khqr" },
        /has its money already/,
      ],
      ["is static", { mode: "static" }, /cannot be asked about a static KHQR/],
      [
        "ended two days ago",
        { status: "expired", expires_at: ago(48 * HOUR) },
        /ended more than 24 hours ago/,
      ],
      ["is disputed", { review_reason: "hash_used" }, /A person has decided/],
    ])(
      "of a charge that %s means no other one",
      async (_, changes, message) => {
        const named = await issue(changes)
        const other = await issue()

        expect(await announce({ reference: named.reference })).toEqual({
          signalled: [],
          matched: 0,
          message: expect.stringMatching(message),
        })
        expect(await isDue(other)).toBe(false)
      }
    )
  })

  describe("repeats and floods", () => {
    it("hears the same notice once, however many bring it at the same time", async () => {
      const charge = await issue()

      const heard = await Promise.all([1, 2, 3, 4, 5].map(() => announce()))

      expect(heard.map(({ matched }) => matched)).toEqual([1, 1, 1, 1, 1])
      expect(heard.flatMap(({ signalled }) => signalled)).toHaveLength(1)
      expect((await announce()).message).toBe(
        "1 KHQR over 12.50 USD was announced moments ago, or many times: that changes nothing."
      )
      expect(
        await service.listKhqrEvents({ charge_id: charge.id, kind: "signal" })
      ).toHaveLength(1)
    })

    it("hears another notice over the same money a little later, and six in an hour", async () => {
      await issue()
      const heard: number[] = []
      for (let notice = 0; notice < 8; notice++) {
        heard.push((await announce()).signalled.length)
        await letRepeatsPass()
      }
      expect(heard).toEqual([1, 1, 1, 1, 1, 1, 0, 0])
    })

    it("hears sixty a minute from each actor", async () => {
      expect(await service.countAnnouncement("apk_wild")).toBeNull()
      await service.updateKhqrAttempts([
        { id: "announcement:actor:apk_wild", count: 60 },
      ])

      const waitMs = await service.countAnnouncement("apk_wild")

      expect(waitMs).toBeGreaterThan(0)
      expect(waitMs).toBeLessThanOrEqual(60_000)
      expect(await service.countAnnouncement("apk_tame")).toBeNull()
      await service.updateKhqrAttempts([
        { id: "announcement:actor:apk_wild", window_started_at: ago(61_000) },
      ])
      expect(await service.countAnnouncement("apk_wild")).toBeNull()
    })

    it("does not break the pause of a bank that answers nothing, and is remembered", async () => {
      const charge = await issue({
        unknowns: 3,
        last_outcome: "unknown:timeout",
        last_checked_at: ago(10_000),
      })

      const { signalled } = await announce()

      expect(idsOf(signalled)).toEqual([charge.id])
      expect(await isDue(charge)).toBe(false)
      expect((await read(charge)).last_signal).toBe("announced")
    })

    it("asks about a charge no more often than its cool-down", async () => {
      const charge = await issue({ last_checked_at: ago(500) })

      await announce()

      const { next_check_at, last_checked_at } = await read(charge)
      expect(next_check_at!.getTime() - last_checked_at!.getTime()).toBe(
        SIGNAL_COOLDOWN_MS
      )
    })
  })

  describe("the shopper's signals", () => {
    it.each(["returned", "claims_paid"] as const)(
      "write down that it was %s",
      async (kind) => {
        const charge = await issue()
        await service.signal(charge.payment_session_id, kind)

        expect(await isDue(charge)).toBe(true)
        expect((await read(charge)).last_signal).toBe(kind)
        expect(
          await service.listKhqrEvents({ charge_id: charge.id, kind: "signal" })
        ).toMatchObject([{ actor: "shopper", message: kind }])
      }
    )

    it("do not hide an announcement that no question has answered yet", async () => {
      const charge = await issue()
      await announce()
      await service.updateKhqrCharges([
        { id: charge.id, last_signal_at: ago(2_000) },
      ])

      await service.signal(charge.payment_session_id, "returned")
      expect((await read(charge)).last_signal).toBe("announced")

      await service.updateKhqrCharges([
        {
          id: charge.id,
          last_signal_at: ago(5_000),
          last_checked_at: ago(4_000),
        },
      ])
      await service.signal(charge.payment_session_id, "returned")
      expect((await read(charge)).last_signal).toBe("returned")
    })
  })
})

/** As it is where the bank has refused one. */
const closeLists = async (service: KhqrModuleService) => {
  const { quota, tokenKey } = service["bank_"]
  const now = new Date()
  await quota.closeList(await tokenKey(), new Date(Date.now() + HOUR), now)
}

const bakong = { token: "none", baseUrl: "http://127.0.0.1:9" }
const counted = { bakong: { ...bakong, dailyRequestLimit: 100 } }

describe("Where each question costs one of the day's calls", () => {
  onKhqrModule(({ service }) => {
    const { issue, issueMany, announce, isDue, idsOf, letRepeatsPass } =
      helpersFor(service)

    beforeEach(() => closeLists(service))

    it("has three asked about at the most, the newest first, and says how many match", async () => {
      const charges: Charge[] = []
      for (let minutes = 0; minutes < 5; minutes++) {
        charges.push(await issue({ issued_at: ago(minutes * MINUTE) }))
      }

      const { signalled, matched, message } = await announce()

      expect(idsOf(signalled)).toEqual(idsOf(charges.slice(0, 3)))
      expect(matched).toBe(5)
      expect(message).toBe(
        "The bank is asked about 3 KHQRs over 12.50 USD as soon as it may be. 2 more match and are not asked about: one notice asks about 3 at the most."
      )
      expect(await Promise.all(charges.map(isDue))).toEqual([
        true,
        true,
        true,
        false,
        false,
      ])
    })

    it("has the next ones asked about for a second notice moments later", async () => {
      const charges = await issueMany(8)

      const first = await announce()
      const second = await announce()
      expect(idsOf(first.signalled)).toEqual(idsOf(charges.slice(0, 3)))
      expect(second).toEqual({
        signalled: charges
          .slice(3, 6)
          .map(({ id, reference, status }) => ({ id, reference, status })),
        matched: 8,
        message:
          "The bank is asked about 3 KHQRs over 12.50 USD as soon as it may be. 3 KHQRs over 12.50 USD were announced moments ago, or many times: that changes nothing. 2 more match and are not asked about: one notice asks about 3 at the most.",
      })

      const third = await announce()
      expect(idsOf(third.signalled)).toEqual(idsOf(charges.slice(6)))
      expect(await Promise.all(charges.map(isDue))).toEqual(
        charges.map(() => true)
      )
      expect(await announce()).toEqual({
        signalled: [],
        matched: 8,
        message:
          "8 KHQRs over 12.50 USD were announced moments ago, or many times: that changes nothing.",
      })

      await letRepeatsPass()
      expect(idsOf((await announce()).signalled)).toEqual(
        idsOf(charges.slice(0, 3))
      )
    })

    it("has each asked about once for notices that come at the same time", async () => {
      const charges = await issueMany(5)

      const heard = await Promise.all([announce(), announce(), announce()])

      const signalled = heard.flatMap((one) => idsOf(one.signalled))
      expect(signalled.sort()).toEqual(idsOf(charges).sort())
      for (const one of heard) {
        expect(one.signalled.length).toBeLessThanOrEqual(3)
      }
    })

    it("gives no place to one of which no question would follow", async () => {
      const over = { status: "expired", expires_at: ago(HOUR) } as const
      await issueMany(3, { ...over, late_signals: MOST_LATE_SIGNALS })
      const askable = await issue({ ...over, issued_at: ago(2 * HOUR) })

      expect(await announce()).toMatchObject({
        signalled: [{ id: askable.id }],
        matched: 4,
      })
    })
  }, counted)
})

describe.each<[string, Record<string, unknown>, boolean]>([
  ["the bank answers lists, and nothing is counted", {}, false],
  ["the bank answers lists, and calls are counted", counted, false],
  ["lists are closed, and nothing is counted", {}, true],
])("Where %s", (_, options, areListsClosed) => {
  onKhqrModule(({ service }) => {
    const { issue, issueMany, announce, isDue, idsOf, letRepeatsPass } =
      helpersFor(service)

    beforeEach(async () => {
      if (areListsClosed) {
        await closeLists(service)
      }
    })

    it("has all the open ones asked about, the newest first", async () => {
      const charges = await issueMany(14)

      expect(await announce()).toEqual({
        signalled: charges.map(({ id, reference, status }) => ({
          id,
          reference,
          status,
        })),
        matched: 14,
        message:
          "The bank is asked about 14 KHQRs over 12.50 USD as soon as it may be.",
      })
      expect(await Promise.all(charges.map(isDue))).toEqual(
        charges.map(() => true)
      )
      expect((await announce()).message).toBe(
        "14 KHQRs over 12.50 USD were announced moments ago, or many times: that changes nothing."
      )
      await letRepeatsPass()
      expect((await announce()).signalled).toHaveLength(14)
    })

    it("has what came since asked about for a second notice", async () => {
      await issueMany(4)
      await announce()
      const late = await issue()
      expect(idsOf((await announce()).signalled)).toEqual([late.id])
    })

    it("has no more asked about than go into one call", async () => {
      await issueMany(CHECKS_AT_ONCE + 1)
      const { signalled, matched } = await announce()
      expect(signalled).toHaveLength(CHECKS_AT_ONCE)
      expect(matched).toBe(CHECKS_AT_ONCE)
    })

    it("has three of those that expired asked about: they hear few signals in all", async () => {
      const over = await issueMany(5, {
        status: "expired",
        expires_at: ago(HOUR),
      })

      const { signalled, matched, message } = await announce()

      expect(idsOf(signalled)).toEqual(idsOf(over.slice(0, 3)))
      expect(matched).toBe(5)
      expect(message).toBe(
        "The bank is asked about 3 KHQRs over 12.50 USD as soon as it may be. 2 more match and are not asked about: one notice asks about 50 at the most, and about 3 that expired."
      )
      expect(idsOf((await announce()).signalled)).toEqual(idsOf(over.slice(3)))
    })
  }, options)
})
