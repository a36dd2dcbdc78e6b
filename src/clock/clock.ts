import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../modules/khqr"
import type KhqrModuleService from "../modules/khqr/service"
import {
  bookRefundWorkflow,
  checkChargesWorkflow,
  recordRefundAnswersWorkflow,
  settleChargeWorkflow,
} from "../workflows"
import { Loop } from "./loop"

/** One list call; more would hold the charges up. */
const REFUND_CHECKS_AT_ONCE = 50

/** Carts completed at the same time: more would only wait for the database. */
const SETTLERS = 3

/** The job comes that often; what is due later is its business. */
export const TICK_MS = 2_000

/** A look that comes sooner finds the same, which somebody is at. */
const SHORTEST_PAUSE_MS = 50

/** What a workflow gives back that does not throw. */
type Ran<Result> = { result: Result; errors?: { error?: Error }[] }

/**
 * A process's clock: asks about what is due and settles what was found, each for
 * itself, so that an order that hangs holds up no question. It looks at the job's
 * tick, at the moment the plan has named, and when the bell rings.
 */
export class Clock {
  protected readonly khqr_: KhqrModuleService
  protected timer_: NodeJS.Timeout | undefined
  protected readonly looking_: Loop
  protected readonly checks_: Loop
  protected readonly refundChecks_: Loop
  protected readonly settlements_: Loop[]
  protected readonly refundBookings_: Loop

  constructor(protected readonly container_: MedusaContainer) {
    this.khqr_ = container_.resolve<KhqrModuleService>(KHQR_MODULE)
    this.looking_ = this.loop_("what is due could not be read", () =>
      this.look_()
    )
    this.checks_ = this.loop_("no charge could be asked about", () =>
      this.checkCharges_()
    )
    this.refundChecks_ = this.loop_("no refund could be asked about", () =>
      this.checkRefunds_()
    )
    this.settlements_ = Array.from({ length: SETTLERS }, () =>
      this.loop_("no charge could be settled", () => this.settleCharges_())
    )
    // One at a time: two refunds of one payment would wait for each other.
    this.refundBookings_ = this.loop_("no refund could be booked", () =>
      this.bookRefunds_()
    )
  }

  /** Begins what is due, once it has looked. */
  wake(): void {
    this.looking_.run()
  }

  /** All that is due, and what follows from it, to its end. */
  async tick(): Promise<void> {
    this.wake()
    await this.rest_()
  }

  /** Nothing begins any more. @returns once what is under way has come to its end */
  async stop(): Promise<void> {
    this.loops_.forEach((loop) => loop.stop())
    clearTimeout(this.timer_)
    await this.rest_()
  }

  protected async rest_(): Promise<void> {
    while (this.loops_.some(({ running }) => running)) {
      await Promise.all(this.loops_.map(({ running }) => running))
    }
  }

  protected get loops_(): Loop[] {
    return [
      this.looking_,
      this.checks_,
      this.refundChecks_,
      ...this.settlements_,
      this.refundBookings_,
    ]
  }

  protected loop_(fault: string, work: () => Promise<void>): Loop {
    return new Loop(work, ({ message }) =>
      this.complain_(`${fault}: ${message}`)
    )
  }

  /** One indexed look is all that an idle shop costs. */
  protected async look_(): Promise<void> {
    const due = await this.khqr_.hasDueWork()
    if (due.checks) {
      this.checks_.run()
    }
    if (due.refundChecks) {
      this.refundChecks_.run()
    }
    if (due.settlements) {
      this.settlements_.forEach((loop) => loop.run())
    }
    if (due.refundBookings) {
      this.refundBookings_.run()
    }
    this.wakeAt_(due.nextCheckAt)
  }

  protected wakeAt_(at: Date | null): void {
    clearTimeout(this.timer_)
    const pause = at === null ? Infinity : at.getTime() - Date.now()
    if (pause < TICK_MS && !this.looking_.isStopped) {
      this.timer_ = setTimeout(
        () => this.wake(),
        Math.max(SHORTEST_PAUSE_MS, pause)
      )
      this.timer_.unref()
    }
  }

  protected async checkCharges_(): Promise<void> {
    await this.ask_("charges", (options) =>
      checkChargesWorkflow(this.container_).run({
        input: { planned: true },
        ...options,
      })
    )
  }

  protected async checkRefunds_(): Promise<void> {
    await this.ask_("refunds", (options) =>
      recordRefundAnswersWorkflow(this.container_).run({
        input: { limit: REFUND_CHECKS_AT_ONCE },
        ...options,
      })
    )
  }

  /** What goes wrong here holds nothing else up; the leases run out and they are asked about again. */
  protected async ask_(
    what: "charges" | "refunds",
    run: (options: { throwOnError: false }) => Promise<Ran<unknown[]>>
  ): Promise<void> {
    const { result, errors } = await run({ throwOnError: false })
    if (errors?.length) {
      this.complain_(
        `the ${what} that are due could not be asked about: ${errors[0].error?.message}`
      )
    } else if (result.length > 0) {
      // More may be due, and what was found is to be settled.
      this.wake()
    } else {
      // The plan has put off what was due, or another process has it.
      this.wakeAt_((await this.khqr_.hasDueWork()).nextCheckAt)
    }
  }

  protected async settleCharges_(): Promise<void> {
    await this.workOff_({
      claim: () => this.khqr_.claimDueSettlements(1),
      run: (charge_id) =>
        settleChargeWorkflow(this.container_).run({
          input: { charge_id },
          throwOnError: false,
        }),
      giveUp: (id) => this.khqr_.giveUp([id]),
      fault: (id) => `charge ${id} could not be settled`,
    })
  }

  protected async bookRefunds_(): Promise<void> {
    await this.workOff_({
      claim: () => this.khqr_.claimRefundBookings(1),
      run: (refund_id) =>
        bookRefundWorkflow(this.container_).run({
          input: { refund_id },
          throwOnError: false,
        }),
      giveUp: (id) => this.khqr_.giveUpRefunds([id]),
      fault: (id) => `refund ${id} could not be booked in Medusa`,
    })
  }

  /** One at a time: a claim must outlast its work, and completing a cart may wait for a lock. */
  protected async workOff_(work: {
    claim(): Promise<{ id: string }[]>
    run(id: string): Promise<Ran<unknown>>
    giveUp(id: string): void
    fault(id: string): string
  }): Promise<void> {
    while (!this.looking_.isStopped) {
      const [claimed] = await work.claim()
      if (!claimed) {
        return
      }
      const { errors } = await work.run(claimed.id)
      if (errors?.length) {
        // Its lease runs out and it is tried again; the others are not held up.
        work.giveUp(claimed.id)
        this.complain_(`${work.fault(claimed.id)}: ${errors[0].error?.message}`)
      }
    }
  }

  protected complain_(what: string): void {
    this.container_
      .resolve(ContainerRegistrationKeys.LOGGER)
      .error(`KHQR: ${what}`)
  }
}
