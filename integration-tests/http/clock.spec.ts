import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import {
  createStep,
  createWorkflow,
  StepResponse,
} from "@medusajs/framework/workflows-sdk"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { clockOf } from "../../src/clock"
import { TICK_MS, type Clock } from "../../src/clock/clock"
import { RING_DUE } from "../../src/modules/khqr/bell"
import { holdClock } from "./failures/hold-clock"
import { eventually, startBank, World } from "./world"

const bank = startBank()

/** A job runs as the step of a workflow. */
const seen: Clock[] = []
const seenFromStep = createWorkflow("khqr-test-clock", () => {
  createStep("khqr-test-clock-step", async (_, { container }) => {
    seen.push(clockOf(container))
    return new StepResponse()
  })()
})

medusaIntegrationTestRunner({
  moduleName: "khqr-clock",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    describe("the clock of a process", () => {
      it("does not wait for its next tick when another process has heard a signal", async () => {
        const SIGNALS = 5
        const checkouts = []
        for (let n = 0; n < SIGNALS; n++) {
          checkouts.push(await world.checkout())
        }
        await holdClock(world)
        await eventually(async () =>
          expect(world.khqr.bell.isListening).toBe(true)
        )
        const asked = async (id: string) => (await world.charge(id)).checks
        const before = await Promise.all(
          checkouts.map(({ chargeId }) => asked(chargeId))
        )

        const begin = Date.now()
        for (const [n, { chargeId }] of checkouts.entries()) {
          // As the signals route does, wherever it runs.
          const knex = world.container.resolve(
            ContainerRegistrationKeys.PG_CONNECTION
          )
          await knex.transaction(async (trx) => {
            await trx.raw(
              "UPDATE khqr_charge SET last_signal_at = now(), next_check_at = now() WHERE id = ?",
              [chargeId]
            )
            await trx.raw(RING_DUE)
          })
          await eventually(async () =>
            expect(await asked(chargeId)).toBe(before[n] + 1)
          )
          await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
        }
        // Each tick would have served one of them, and the next only after it.
        expect(Date.now() - begin).toBeLessThan((SIGNALS - 1) * TICK_MS)
      })

      it("is one and the same at each of its ticks", async () => {
        await seenFromStep(world.container).run()
        await seenFromStep(world.container).run()
        expect(seen).toHaveLength(2)
        expect(new Set([...seen, clockOf(world.container)]).size).toBe(1)
      })

      it("asks about others while an order hangs", async () => {
        const [hanging, other] = [
          await world.checkout(),
          await world.checkout(),
        ]
        const knex = world.container.resolve(
          ContainerRegistrationKeys.PG_CONNECTION
        )
        const holder = await knex.transaction()
        try {
          await holder.raw("SELECT id FROM cart WHERE id = ? FOR UPDATE", [
            hanging.cartId,
          ])
          bank().pay({ qr: hanging.qr })
          await eventually(async () => {
            const [{ hangs }] = await world.sql<{ hangs: boolean }>(
              "SELECT status = 'paid' AND leased_until > now() AS hangs FROM khqr_charge WHERE id = ?",
              [hanging.chargeId]
            )
            expect(hangs).toBe(true)
          })

          bank().pay({ qr: other.qr })
          await eventually(async () =>
            expect((await world.charge(other.chargeId)).status).toBe(
              "completed"
            )
          )
          expect((await world.charge(hanging.chargeId)).status).toBe("paid")
        } finally {
          await holder.rollback()
        }
        await eventually(async () =>
          expect((await world.charge(hanging.chargeId)).status).toBe(
            "completed"
          )
        )
        expect(await world.orders()).toHaveLength(2)
      })
    })
  },
})
