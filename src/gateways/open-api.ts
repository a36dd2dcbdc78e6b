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

/** A list that is refused stays refused, and each refusal costs a call; one that could not be read may be whole again soon. */
const LIST_FORBIDDEN_FOR_MS = 24 * 3_600_000
const LIST_UNREADABLE_FOR_MS = 600_000

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
 * answer says that the next question would fare no better. Riders fill the last
 * list; without one they are not asked about.
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

  constructor(protected readonly options_: OpenApiGatewayOptions) {}

  async check(
    questions: Question[],
    purpose: CallPurpose
  ): Promise<CheckResult[]> {
    const results: CheckResult[] = []
    const asked = questions.filter(({ rides }) => !rides)
    const riders = questions.filter(({ rides }) => rides)
    for (let at = 0; at < asked.length; at += LIST_LIMIT) {
      const some = await this.checkSome_(
        asked.slice(at, at + LIST_LIMIT),
        // Where there is room, which is in the last list.
        riders.slice(0, Math.max(0, at + LIST_LIMIT - asked.length)),
        purpose
      )
      results.push(...some)
      if (some.some(stopsAsking) || some.every(saysNothing)) {
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
    // Silence about one that only went along is no reason for a pause.
    const along = answers
      .slice(questions.length)
      .filter((answer) => !saysNothing(answer))
    if (call.sent && answers.every(mayBeListOnly)) {
      return this.tellListFromBank_(questions, results, purpose)
    }
    if (closedUntil && !answers.every(saysNothing)) {
      await listAccess.open()
    }
    return [...results, ...along]
  }

  /** The list said nothing about any of them: one single question tells whether it is the list or the bank. */
  protected async tellListFromBank_(
    questions: Question[],
    results: CheckResult[],
    purpose: CallPurpose
  ): Promise<CheckResult[]> {
    const [first, ...others] = questions
    const [probe] = await this.checkEach_([first], purpose)
    if (stopsAsking(probe) || mayBeListOnly(probe)) {
      return results.map((r) => (r.charge_id === first.charge_id ? probe : r))
    }
    const pause =
      reasonOf(results[0]) === "forbidden"
        ? LIST_FORBIDDEN_FOR_MS
        : LIST_UNREADABLE_FOR_MS
    await this.options_.listAccess.close(
      new Date(this.now_().getTime() + pause)
    )
    return [probe, ...(await this.checkEach_(others, purpose))]
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

function unread(): Outcome {
  return {
    type: "unknown",
    reason: "unreadable",
    message: "The list did not mention this KHQR",
  }
}
