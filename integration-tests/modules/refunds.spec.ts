import fc from "fast-check"
import { MathBN } from "@medusajs/framework/utils"

import { luckyBank } from "../../src/bakong/__tests__/lucky-bank"
import type { CheckResult } from "../../src/gateways"
import { leftToRefund, sum } from "../../src/modules/khqr/refund-rules"
import type KhqrModuleService from "../../src/modules/khqr/service"
import { ACCOUNT, onKhqrModule } from "./world"

const ADMIN = "user_1"
const PAYER = "sok_dara@devb"
/** By Medusa, of each of the charges. */
const CAPTURED = { amount: "11", currency_code: "usd" }

/** The bank's word about a KHQR: a transfer of this much to the payer. */
function paid(
  id: string,
  { hash, to, amount }: { hash: string; to: string; amount: string }
): CheckResult {
  const at = Date.now()
  return {
    charge_id: id,
    outcome: {
      type: "paid",
      transaction: {
        hash,
        fromAccountId: to === ACCOUNT ? PAYER : ACCOUNT,
        toAccountId: to,
        currency: "USD",
        amount,
        description: null,
        createdAt: at,
        acknowledgedAt: at,
        trackingStatus: null,
        receiverBank: null,
        receiverBankAccount: null,
        instructionRef: null,
        externalRef: null,
      },
    },
    call: {
      endpoint: "/v1/check_transaction_by_md5",
      sent: true,
      requestId: `request-${hash}`,
      httpStatus: 200,
      responseCode: 0,
      errorCode: null,
      message: "",
      durationMs: 1,
      askedAt: at,
      serverTime: null,
    },
  }
}

let hashes = 0
const newHash = () => (++hashes).toString(16).padStart(64, "0")

/** With its order, where it is not said otherwise. */
async function paidCharge(
  service: KhqrModuleService,
  isSettled = true
): Promise<string> {
  const { id } = await service.issueCharge(
    {
      payment_session_id: `payses_${newHash()}`,
      amount: "11",
      currency_code: "usd",
    },
    "medusa"
  )
  await service.recordAnswer(
    paid(id, { hash: newHash(), to: ACCOUNT, amount: "11" })
  )
  if (isSettled) {
    await settle(service, id)
  }
  return id
}

async function settle(service: KhqrModuleService, id: string): Promise<void> {
  await service.recordSettlement(
    id,
    { type: "settled", decidedFor: "paid", orderId: `order_${id}` },
    "clock"
  )
}

onKhqrModule(({ service }) => {
  const allowed = async <T>(work: Promise<T>): Promise<T | null> => {
    try {
      return await work
    } catch (error) {
      expect(["not_allowed", "invalid_data"]).toContain(
        (error as { type?: string }).type
      )
      return null
    }
  }

  it("sets no more aside than came, and lets Medusa book no more than went back, whoever acts at once", async () => {
    const action = fc.record({
      what: fc.constantFrom("open", "open", "send", "cancel", "khqr", "book"),
      cents: fc.integer({ min: 1, max: 1_200 }),
      which: fc.nat(9),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 5,
        }),
        async (rounds) => {
          const chargeId = await paidCharge(service)
          for (const round of rounds) {
            const known = await service.listKhqrRefunds({ charge_id: chargeId })
            await Promise.all(
              round.map(({ what, cents, which }, n) => {
                const amount = MathBN.div(cents, 100).toFixed()
                const refund = known[which % Math.max(known.length, 1)]
                if (what === "open") {
                  return allowed(
                    service.openRefund(chargeId, { amount }, ADMIN)
                  )
                }
                if (what === "book") {
                  const id = `ref_${newHash()}_${n}`
                  return allowed(
                    service.bookRefund(chargeId, id, amount, CAPTURED)
                  )
                }
                if (!refund) {
                  return null
                }
                switch (what) {
                  case "send":
                    return allowed(
                      service.recordSent(
                        refund.id,
                        { reference: "100FT", answer: null },
                        ADMIN
                      )
                    )
                  case "cancel":
                    return allowed(service.cancelRefund(refund.id, "no", ADMIN))
                  case "khqr":
                    return allowed(service.issueReverseKhqr(refund.id, ADMIN))
                }
              })
            )
          }
          const charge = await service.retrieveKhqrCharge(chargeId)
          const refunds = await service.listKhqrRefunds({
            charge_id: chargeId,
          })
          const bookings = await service.listKhqrRefundBookings({
            charge_id: chargeId,
          })
          const sent = sum(
            refunds
              .filter(({ status }) => status === "sent")
              .map(({ amount }) => amount)
          )
          const booked = sum(bookings.map(({ amount }) => amount))
          expect(MathBN.gte(leftToRefund(charge, refunds), 0)).toBe(true)
          expect(MathBN.lte(booked, sent)).toBe(true)
        }
      ),
      { numRuns: 25 }
    )
  })

  it("opens none of a charge on its way to its order, and those once it is there", async () => {
    const chargeId = await paidCharge(service, false)
    await expect(service.openRefund(chargeId, {}, ADMIN)).rejects.toMatchObject(
      { type: "not_allowed", code: "not_possible" }
    )
    await settle(service, chargeId)
    const { refund } = await service.openRefund(chargeId, {}, ADMIN)
    expect(refund.amount).toBe("11")
  })

  it("claims them for seconds, by the database's clock, and gives a sign of life while it is at work", async () => {
    const chargeId = await paidCharge(service)
    const { refund } = await service.openRefund(chargeId, {}, ADMIN)
    const secondsLeft = async () => {
      const { leased_until } = await service.retrieveKhqrRefund(refund.id)
      return ((leased_until?.getTime() ?? 0) - Date.now()) / 1_000
    }
    await service.issueReverseKhqr(refund.id, ADMIN)
    await service.updateKhqrRefunds({
      id: refund.id,
      next_check_at: new Date(1_000),
    })
    expect(await service.claimRefundChecks(1)).toHaveLength(1)
    expect(await secondsLeft()).toBeGreaterThan(15)
    expect(await secondsLeft()).toBeLessThanOrEqual(20.5)
    expect(await service.claimRefundChecks(1)).toHaveLength(0)

    const held = (
      service as unknown as {
        refundLeases_: { extend(now: Date): Promise<void> }
      }
    ).refundLeases_
    await service.updateKhqrRefunds({
      id: refund.id,
      leased_until: new Date(Date.now() + 1_000),
    })
    await held.extend(new Date())
    expect(await secondsLeft()).toBeGreaterThan(15)

    service.giveUpRefunds([refund.id])
    await service.updateKhqrRefunds({
      id: refund.id,
      leased_until: new Date(Date.now() + 1_000),
    })
    await held.extend(new Date())
    expect(await secondsLeft()).toBeLessThanOrEqual(1)

    await service.updateKhqrRefunds({ id: refund.id, leased_until: null })
    await service.recordRefundAnswer(
      paid(refund.id, { hash: newHash(), to: PAYER, amount: "11" })
    )
    expect(await service.claimRefundBookings(1)).toHaveLength(1)
    expect(await secondsLeft()).toBeGreaterThan(15)
    expect(await secondsLeft()).toBeLessThanOrEqual(20.5)
    service.giveUpRefunds([refund.id])
  })

  it("books one of two refunds of Medusa's that are made at once where there is money for one, and one that is asked twice once", async () => {
    const chargeId = await paidCharge(service)
    const { refund } = await service.openRefund(chargeId, {}, ADMIN)
    await service.recordSent(
      refund.id,
      { reference: "100FT", answer: null },
      ADMIN
    )
    const made = await Promise.allSettled(
      ["ref_a", "ref_b", "ref_c"].map((id) =>
        service.bookRefund(chargeId, id, "11", CAPTURED)
      )
    )
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
    const [booking] = await service.listKhqrRefundBookings({
      charge_id: chargeId,
    })
    await service.bookRefund(chargeId, booking.id, "11", CAPTURED)
    expect(
      await service.listKhqrRefundBookings({ charge_id: chargeId })
    ).toHaveLength(1)
  })

  it("counts one transfer for one of two refunds that are told of it at once", async () => {
    const chargeId = await paidCharge(service)
    const open = async () =>
      (await service.openRefund(chargeId, { amount: "5" }, ADMIN)).refund
    const refunds = [await open(), await open()]
    const hash = newHash()
    const told = await Promise.all(
      refunds.map(({ id }) =>
        allowed(
          service.recordSent(
            id,
            {
              hash,
              answer: paid(id, { hash, to: PAYER, amount: "5" }),
            },
            ADMIN
          )
        )
      )
    )
    expect(told.filter((one) => one !== null)).toHaveLength(1)
  })
})

describe("a gateway that is not Bakong's", () => {
  onKhqrModule(
    ({ service }) => {
      it("makes no reverse KHQR, since it could not be found paid, and says so", async () => {
        const chargeId = await paidCharge(service)
        const { refund } = await service.openRefund(chargeId, {}, ADMIN)
        await expect(
          service.issueReverseKhqr(refund.id, ADMIN)
        ).rejects.toMatchObject({
          type: "not_allowed",
          message: expect.stringContaining("gateway"),
        })
      })
    },
    { gateway: luckyBank({ url: "http://127.0.0.1:9", key: "key" }) }
  )
})
