import type { IEventBusModuleService } from "@medusajs/framework/types"
import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import {
  ContainerRegistrationKeys,
  MedusaError,
  Modules,
} from "@medusajs/framework/utils"

import { BakongError, type CheckAnswer } from "../../bakong"
import type { CheckResult, Question, TransferHash } from "../../gateways"
import { openBank, type Bank } from "./bank"
import { AccountCheck } from "./bank/account-check"
import { tidyCalls } from "./bank/audit"
import { diagnoseCharge, type Diagnosis } from "./bank/diagnose"
import { readHealth, type Health } from "./bank/health"
import type { TokenState } from "./bank/tokens"
import { Bell } from "./bell"
import { claimDeeplink, keepDeeplink, wakeWaiting } from "./claims"
import { gatewaysKhqr, type IssuedKhqr, type KhqrRequest } from "./draft"
import type { LedgerContainer } from "./books"
import { Hub } from "./hub"
import { KhqrRefundDesk } from "./refunds"
import type { Notice } from "./notices"
import { budgetOf } from "./quota"
import { receivingAccounts } from "./receivers"
import type { Meter } from "./round"
import { readSwitch, writeSwitch, type ShopSwitch } from "./settings"
import type { Actor, Charge } from "./types"
import type { ChargeView } from "./view"

type ModuleContainer = LedgerContainer & {
  [Modules.EVENT_BUS]?: IEventBusModuleService
}

/** Whoever stops a shop kills it soon; the leases of what is left then run out. */
const CLOSING_TAKES_MS = 5_000

/** The module as the shop resolves it: the ledger, and our standing with the bank. */
export default class KhqrModuleService extends KhqrRefundDesk {
  protected readonly eventBus_: IEventBusModuleService | undefined
  protected readonly bank_: Bank
  protected readonly accountCheck_: AccountCheck
  protected readonly knex_: Knex
  protected bell_: Bell | undefined
  protected hub_: Hub | undefined
  protected readonly closers_: (() => void | Promise<void>)[] = []

  __hooks = {
    // Not waited for: a bank that is slow or away must not hold up the shop.
    onApplicationStart: async (): Promise<void> => void this.lookAround_(),
    onApplicationShutdown: async (): Promise<void> => {
      // An answer that is under way was paid for with a call, and one order may be half made.
      await within(
        CLOSING_TAKES_MS,
        Promise.allSettled(this.closers_.map(async (close) => close()))
      )
      await this.hub_?.close()
      await this.bell_?.close()
      this.bank_.gateway.close()
    },
  }

  constructor(
    container: ModuleContainer,
    options: unknown,
    declaration?: unknown
  ) {
    super(container, options, declaration)
    this.eventBus_ = container[Modules.EVENT_BUS]
    this.knex_ = container[ContainerRegistrationKeys.PG_CONNECTION]
    this.bank_ = openBank({
      options: this.options_,
      database: this.database_,
      logger: this.logger_,
      tell: (notice) => this.tell_(notice),
    })
    this.accountCheck_ = new AccountCheck({
      gateway: this.bank_.gateway,
      accounts: receivingAccounts(this.options_),
      baseUrl: this.options_.bakong.baseUrl,
      database: this.database_,
      logger: this.logger_,
    })
  }

  /** What is to end before the shop does; it is waited for, and not for long. */
  beforeShutdown(close: () => void | Promise<void>): void {
    this.closers_.push(close)
  }

  /** What the shop's processes ring for each other; connects when somebody first listens. */
  get bell(): Bell {
    this.bell_ ??= new Bell(this.knex_, this.logger_)
    return this.bell_
  }

  /** The open pages of this process. */
  get hub(): Hub {
    this.hub_ ??= new Hub(
      this.database_,
      this.bell,
      this.options_,
      this.logger_
    )
    return this.hub_
  }

  /** Asks the bank. Charges that are missing in the answer were not asked about. */
  async askBakong(
    questions: Question[],
    purpose: "check" | "refund" | "manual" | "receipt" = "check"
  ): Promise<CheckResult[]> {
    return this.bank_.gateway.check(questions, purpose)
  }

  /** Whether the next questions may share a call. */
  async asksInLists(): Promise<boolean> {
    const meter = await this.meter_()
    return (await meter(new Date())).lists
  }

  /** Whether a transfer can be looked up by the hash on a receipt. */
  get findsByHash(): boolean {
    const { gateway } = this.bank_
    return gateway.can.findsByHash && gateway.findByHash !== undefined
  }

  /** @throws TypeError unless `findsByHash` */
  async findTransfer(
    hash: TransferHash,
    purpose: "manual" | "receipt" = "manual"
  ): Promise<CheckAnswer> {
    const { gateway } = this.bank_
    if (!gateway.findByHash) {
      throw new TypeError(`${gateway.name} looks no transfer up by its hash`)
    }
    return gateway.findByHash(hash, purpose)
  }

  /**
   * A link that opens the payer's app with the session's KHQR. The bank is asked
   * once for each charge, when somebody wants it; without one there is none.
   *
   * @returns the shopper's view, or `null` for a session that has no KHQR
   */
  async openDeeplink(paymentSessionId: string): Promise<ChargeView | null> {
    const view = await this.viewSession(paymentSessionId)
    const { gateway } = this.bank_
    if (!view?.qr || view.deeplink || !gateway.can.deeplinks) {
      return view
    }
    if (
      !gateway.deeplink ||
      !(await claimDeeplink(this.database_, view.id, new Date()))
    ) {
      return view
    }
    try {
      const link = await gateway.deeplink({ id: view.id, qr: view.qr })
      await keepDeeplink(this.database_, view.id, link)
      return { ...view, deeplink: link }
    } catch (error) {
      if (error instanceof BakongError && !error.call.sent) {
        await keepDeeplink(this.database_, view.id, null)
      }
      this.logger_.warn(
        `KHQR charge ${view.id} has no deep link: ${(error as Error).message}`
      )
      return view
    }
  }

  /**
   * Asks the bank about a charge in every way there is and lays the answers beside
   * what the ledger believes. Changes nothing.
   *
   * @param name the charge's id, reference or md5
   * @throws MedusaError NOT_FOUND, or INVALID_DATA for a hash that is none
   */
  async diagnoseCharge(name: string, receiptHash?: string): Promise<Diagnosis> {
    const charge = await this.findCharge(name)
    try {
      return await diagnoseCharge(this.bank_.gateway, charge, receiptHash)
    } catch (error) {
      if (error instanceof TypeError) {
        throw new MedusaError(MedusaError.Types.INVALID_DATA, error.message)
      }
      throw error
    }
  }

  /** Whether the shop takes KHQR payments now, and who said so. */
  async shopSwitch(): Promise<ShopSwitch> {
    return readSwitch(this.database_)
  }

  /** Off: no new KHQR is issued. What was shown before is watched and settled as ever. */
  async switchShop(
    wish: Pick<ShopSwitch, "enabled" | "reason">,
    actor: Actor
  ): Promise<ShopSwitch> {
    return writeSwitch(this.database_, wish, actor, new Date())
  }

  /** What the merchant has to know of our standing with the bank. Holds no secret. */
  async health(): Promise<Health> {
    return readHealth(this.bank_, this.database_, new Date())
  }

  /** @returns how many calls were deleted from the audit log, by the option `auditRetentionDays` */
  async tidyAudit(): Promise<number> {
    const now = new Date()
    const kept = this.options_.auditRetentionDays * 86_400_000
    return tidyCalls(this.database_, new Date(now.getTime() - kept), now)
  }

  async tokenState(): Promise<TokenState> {
    return this.openApi_.tokens.state()
  }

  /** @throws MedusaError that names the fault of the token and its mend. */
  async storeToken(
    pasted: string,
    source: "pasted" | "registered"
  ): Promise<TokenState> {
    const state = await this.openApi_.tokens.store(pasted, source)
    await wakeWaiting(this.database_, new Date())
    return state
  }

  async renewTokenNow(): Promise<TokenState> {
    return this.openApi_.tokens.renewNow()
  }

  /** Renews the token when it ends soon, and tells how long it has left. */
  async keepToken(): Promise<void> {
    if (this.bank_.openApi) {
      await this.bank_.openApi.tokens.renewIfDue()
      await this.bank_.openApi.tokens.warnIfDue()
    }
  }

  /** Bakong mails a code to the address. @throws BakongError */
  async requestToken(request: {
    email: string
    organization: string
    project: string
  }): Promise<void> {
    await this.openApi_.client.requestToken(request)
  }

  /** @throws BakongError, or MedusaError when the token cannot be kept. */
  async verifyToken(code: string): Promise<TokenState> {
    const token = await this.openApi_.client.verify(code)
    return this.storeToken(token, "registered")
  }

  /** Not waited for: a shopper waits for the KHQR. */
  protected override announceIssued_({ id }: Charge): void {
    void this.eventBus_
      ?.emit({ name: "khqr.charge.issued", data: { id } }, {})
      .catch((error: Error) => {
        this.logger_.error(
          `KHQR: that charge ${id} was issued was not announced: ${error.message}`
        )
      })
  }

  protected override async meter_(): Promise<Meter> {
    const { gateway, quota, dailyRequestLimit } = this.bank_
    const tokenKey = await this.bank_.tokenKey()
    return async (now, sql) => {
      const known = await quota.read(tokenKey, now, sql)
      const closed = known.list_closed_until
      return {
        budget: budgetOf(known, dailyRequestLimit, now),
        lists: gateway.can.asksInLists && (closed === null || closed <= now),
      }
    }
  }

  protected override findsAnyKhqr_(): boolean {
    return this.bank_.gateway.can.usesBakongToken
  }

  protected override async makeKhqr_(
    wanted: KhqrRequest,
    now: Date
  ): Promise<IssuedKhqr> {
    const { gateway } = this.bank_
    if (!gateway.can.makesQr || !gateway.makeQr) {
      return super.makeKhqr_(wanted, now)
    }
    if (this.options_.mode !== "dynamic") {
      throw new MedusaError(
        MedusaError.Types.UNEXPECTED_STATE,
        `The option mode must be "dynamic": the gateway ${gateway.name} makes the KHQR itself.`
      )
    }
    try {
      const made = await gateway.makeQr({
        reference: wanted.reference,
        amount: wanted.amount,
        currency: wanted.currency,
        expiresAt: wanted.expiresAt.getTime(),
      })
      return gatewaysKhqr(wanted, made)
    } catch (error) {
      this.logger_.error(
        `KHQR: ${gateway.name} made no KHQR: ${(error as Error).message}`
      )
      throw new MedusaError(
        MedusaError.Types.UNEXPECTED_STATE,
        "The KHQR could not be made just now. Try again, or choose another way to pay."
      )
    }
  }

  /** What is good to know at start: whether the receiver exists, and how long the token lives. */
  protected async lookAround_(): Promise<void> {
    try {
      await this.accountCheck_.run()
      await this.keepToken()
    } catch (error) {
      // Before the tables are there, or when the database is away: both say so themselves.
      this.logger_.warn(
        `KHQR: the token could not be looked at: ${(error as Error).message}`
      )
    }
  }

  protected get openApi_(): NonNullable<Bank["openApi"]> {
    if (!this.bank_.openApi) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "This shop's gateway needs no Bakong token"
      )
    }
    return this.bank_.openApi
  }

  protected tell_({ name, data, level, message }: Notice): void {
    this.logger_[level](`KHQR: ${message}`)
    if (name === "khqr.token.renewed") {
      void wakeWaiting(this.database_, new Date()).catch((error: Error) => {
        this.logger_.error(
          `KHQR: the charges that waited for the token were not woken: ${error.message}`
        )
      })
    }
    void this.eventBus_?.emit({ name, data }, {}).catch((error: Error) => {
      this.logger_.error(`KHQR: ${name} was not announced: ${error.message}`)
    })
  }
}

/** @returns when the work is done, or the time is over */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, over])
  clearTimeout(timer)
}
