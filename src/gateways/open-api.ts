import type {
  BakongClient,
  CallPurpose,
  CheckAnswer,
  Outcome,
  UnknownReason,
} from "../bakong"
import { allowedLink } from "./deeplink"
import type {
  CheckResult,
  Gateway,
  GatewayAbilities,
  Question,
  TransferHash,
} from "./gateway"
import { askInWaves, purposeOf, stopsAsking } from "./waves"

/** What is remembered of the list endpoint, for all processes. */
export type ListAccess = {
  /** Until when it is not to be tried, `null` when it may be. */
  closedUntil(): Promise<Date | null>
  close(until: Date): Promise<void>
  open(): Promise<void>
}

export type OpenApiGatewayOptions = {
  client: BakongClient
  listAccess: ListAccess
  /** Hosts, and what is below them, that a deep link may lead to. */
  deeplinkHosts: string[]
  /** As the payer's app shows the shop it came from. */
  sourceInfo?: {
    appName: string
    appIconUrl: string
    appDeepLinkCallback: string
  }
  /** Our clock. */
  now?: () => Date
}

const LIST_LIMIT = 50

/** A list that is refused stays refused, and each refusal costs a call. */
const LIST_FORBIDDEN_FOR_MS = 24 * 3_600_000

/** One that only failed may be whole again soon; each time it is not, it is left alone twice as long. */
const LIST_FAILED_FOR_MS = 600_000
const LIST_FAILED_AT_MOST_MS = LIST_FORBIDDEN_FOR_MS

/** One time-out is weather; after so many in a row it may be the list alone that is away. */
const LISTS_IN_VAIN = 2

/** Answers to a whole list that may mean: this token may not use the list. */
const MAY_BE_LIST_ONLY: UnknownReason[] = [
  "forbidden",
  "unrecognized",
  "unreadable",
  "configuration",
]

/**
 * Bakong's Open API. Asks about many charges in lists of up to 50, one by one
 * where the list endpoint is closed to the token, and no further once the bank's
 * answer says that the next question would fare no better, or that each costs a
 * call of its own from now on. Riders fill the last list; without one they are not
 * asked about.
 */
export class OpenApiGateway implements Gateway {
  readonly name = "open-api"
  readonly can: GatewayAbilities = {
    makesQr: false,
    deeplinks: true,
    findsByHash: true,
    checksAccounts: true,
    asksInLists: true,
    usesBakongToken: true,
  }

  /** Lists in a row that brought no answer, of this process. */
  protected listsInVain_ = 0
  /** A list was in vain, and our own gate let no single question out to tell why. */
  protected owesSingle_ = false
  /** How long a list that failed was last left alone; another process begins anew. */
  protected listPauseMs_ = 0

  constructor(protected readonly options_: OpenApiGatewayOptions) {}

  async check(
    questions: Question[],
    purpose: CallPurpose
  ): Promise<CheckResult[]> {
    const results: CheckResult[] = []
    const asked = questions.filter(({ rides }) => !rides)
    const riders = questions.filter(({ rides }) => rides)
    for (let at = 0; at < asked.length; at += LIST_LIMIT) {
      const wanted = asked.slice(at, at + LIST_LIMIT)
      const some = await this.checkSome_(
        wanted,
        // Where there is room, which is in the last list.
        riders.slice(0, Math.max(0, at + LIST_LIMIT - asked.length)),
        purpose
      )
      results.push(...some)
      const leavesOut = some.length < wanted.length
      if (leavesOut || some.some(stopsAsking) || some.every(saysNothing)) {
        return results
      }
    }
    return results
  }

  async deeplink({ id, qr }: { id: string; qr: string }): Promise<string> {
    const { client, sourceInfo, deeplinkHosts } = this.options_
    const link = await client.generateDeeplink(qr, sourceInfo, {
      chargeIds: [id],
    })
    const allowed = allowedLink(link, deeplinkHosts)
    if (!allowed) {
      throw new Error(
        "The bank's deep link leads to a host that is not in the option deeplink.hosts"
      )
    }
    return allowed
  }

  async findByHash(
    hash: TransferHash,
    purpose: CallPurpose = "manual"
  ): Promise<CheckAnswer> {
    const { client } = this.options_
    const context = { purpose }
    return "full" in hash
      ? client.checkTransactionByHash(hash.full, context)
      : client.checkTransactionByShortHash(
          { hash: hash.short, amount: hash.amount, currency: hash.currency },
          context
        )
  }

  async accountExists(accountId: string): Promise<boolean> {
    return this.options_.client.checkBakongAccount(accountId)
  }

  close(): void {
    this.options_.client.close()
  }

  protected now_(): Date {
    return this.options_.now?.() ?? new Date()
  }

  /** @param riders asked in the list, or not at all */
  protected async checkSome_(
    questions: Question[],
    riders: Question[],
    purpose: CallPurpose
  ): Promise<CheckResult[]> {
    const { client, listAccess } = this.options_
    if (questions.length + riders.length === 1) {
      return this.checkEach_(questions, purpose)
    }
    const closedUntil = await listAccess.closedUntil()
    if (closedUntil && closedUntil > this.now_()) {
      return this.checkEach_(questions, purpose)
    }
    const probe = await this.askOwedSingle_(questions, purpose)
    if (probe) {
      return [probe]
    }
    const list = [...questions, ...riders]
    const { outcomes, call } = await client.checkTransactionByMd5List(
      list.map(({ md5 }) => md5),
      {
        purpose: purposeOf(questions, purpose),
        chargeIds: list.map(({ charge_id }) => charge_id),
      }
    )
    const answers = list.map(({ charge_id, md5 }) => ({
      charge_id,
      outcome: outcomes.get(md5) ?? unread(),
      call,
    }))
    const results = answers.slice(0, questions.length)
    if (call.sent) {
      const isInVain = answers.every((a) => reasonOf(a) === "unavailable")
      this.listsInVain_ = isInVain ? this.listsInVain_ + 1 : 0
      const isAwayAgain =
        isInVain && (closedUntil || this.listsInVain_ >= LISTS_IN_VAIN)
      if (isAwayAgain || answers.every(mayBeListOnly)) {
        const isRetry = closedUntil !== null
        return this.tellListFromBank_(questions, results, purpose, isRetry)
      }
    }
    if (closedUntil && !answers.every(saysNothing)) {
      await listAccess.open()
    }
    // Silence about one that only went along is no reason for a pause.
    const along = answers
      .slice(questions.length)
      .filter((answer) => !saysNothing(answer))
    return [...results, ...along]
  }

  /**
   * The list said nothing about any of them: one single question tells whether it is
   * the list or the bank. Where it is the list, the others are not asked about: each
   * would cost a call, and whoever counts calls has reckoned with one for them all.
   */
  protected async tellListFromBank_(
    questions: Question[],
    results: CheckResult[],
    purpose: CallPurpose,
    isRetry: boolean
  ): Promise<CheckResult[]> {
    const [first] = questions
    const [probe] = await this.checkEach_([first], purpose)
    const reason = reasonOf(results[0])
    if (!probe.call.sent && cannotTell(probe, reason)) {
      this.owesSingle_ = true
      return results
    }
    // One that our own quota held back says nothing for the list.
    if (probe.call.sent && (stopsAsking(probe) || mayBeListOnly(probe))) {
      this.listsInVain_ = 0
      return results.map((r) => (r.charge_id === first.charge_id ? probe : r))
    }
    const until = this.now_().getTime() + this.listPause_(reason, isRetry)
    await this.options_.listAccess.close(new Date(until))
    return [probe]
  }

  /**
   * While the circuit is open one call goes out after each pause. Were it always a
   * list, a list that alone is away would keep it open.
   *
   * @returns nothing where none is owed, or none is let out
   */
  protected async askOwedSingle_(
    questions: Question[],
    purpose: CallPurpose
  ): Promise<CheckResult | undefined> {
    if (!this.owesSingle_) {
      return undefined
    }
    const [probe] = await this.checkEach_(questions.slice(0, 1), purpose)
    if (!probe.call.sent) {
      return undefined
    }
    this.owesSingle_ = false
    // The bank may have come back with its lists: the next one in vain tells.
    this.listsInVain_ = saysNothing(probe) ? 0 : LISTS_IN_VAIN - 1
    return probe
  }

  /** For how long a list that fails is left alone, ms. */
  protected listPause_(reason: UnknownReason | null, isRetry: boolean): number {
    if (reason === "forbidden") {
      return LIST_FORBIDDEN_FOR_MS
    }
    this.listPauseMs_ = isRetry
      ? Math.min(2 * this.listPauseMs_, LIST_FAILED_AT_MOST_MS)
      : 0
    this.listPauseMs_ ||= LIST_FAILED_FOR_MS
    return this.listPauseMs_
  }

  protected async checkEach_(
    questions: Question[],
    purpose: CallPurpose
  ): Promise<CheckResult[]> {
    return askInWaves(questions, async (question) => ({
      charge_id: question.charge_id,
      ...(await this.options_.client.checkTransactionByMd5(question.md5, {
        purpose: purposeOf([question], purpose),
        chargeIds: [question.charge_id],
      })),
    }))
  }
}

function saysNothing({ outcome }: { outcome: Outcome }): boolean {
  return outcome.type === "unknown"
}

function reasonOf({ outcome }: { outcome: Outcome }): UnknownReason | null {
  return outcome.type === "unknown" ? outcome.reason : null
}

function mayBeListOnly({ outcome }: { outcome: Outcome }): boolean {
  return outcome.type === "unknown" && MAY_BE_LIST_ONLY.includes(outcome.reason)
}

/** Our own gate held the single question back, for a reason that the list may have had too. */
function cannotTell(probe: CheckResult, ofList: UnknownReason | null): boolean {
  return (
    ofList === "unavailable" ||
    (reasonOf(probe) === "unavailable" && ofList !== "forbidden")
  )
}

function unread(): Outcome {
  return {
    type: "unknown",
    reason: "unreadable",
    message: "The list did not mention this KHQR",
  }
}
