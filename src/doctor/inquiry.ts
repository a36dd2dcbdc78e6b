import { randomBytes } from "node:crypto"

import {
  BakongError,
  type BakongCall,
  type BakongClient,
  type Outcome,
  type UnknownReason,
} from "../bakong"
import type { Gateway } from "../gateways"
import type { Tokens } from "../modules/khqr/bank/tokens"

/** Calls to the bank, renewals of the token included. */
export const MOST_QUESTIONS = 3

/** One question and what came of it. */
export type Reply = {
  call: BakongCall
  /** Why the answer says nothing about what was asked; `null` when the bank told. */
  reason: UnknownReason | null
  message: string
  retryAfterMs?: number
}

export type Inquiry = {
  /** Two KHQRs that nobody made, in a list. */
  list: Reply | null
  /** One of them, by itself; without a token: whether anybody answers at all. */
  single: Reply | null
  /** By account; only those that were asked about. */
  accounts: Map<string, AccountReply>
}

/** Whether the receiver exists, or what came instead of an answer. */
export type AccountReply = { exists: boolean } | { error: BakongError }

/** How many questions were sent so far, by whomever: a token may be renewed on the way. */
export type Count = () => number

/** What may mean that only the list is refused: one question by itself tells. */
const MAY_BE_LIST_ONLY: (UnknownReason | null)[] = [
  "forbidden",
  "unreadable",
  "unrecognized",
  "configuration",
]

export const NOTHING_ASKED: Inquiry = {
  list: null,
  single: null,
  accounts: new Map(),
}

/** Asks the Open API what tells most, and stops when the next answer can be told beforehand. */
export async function inquire(
  { client, tokens }: { client: BakongClient; tokens: Tokens },
  accountIds: string[],
  count: Count
): Promise<Inquiry> {
  const left = () => MOST_QUESTIONS - count()
  // As any other call does it: a token that has lapsed and can be renewed is renewed.
  const token = await tokens.current()
  if ("problem" in token) {
    return { ...NOTHING_ASKED, single: readPing(await client.ping()) }
  }
  let list = await askList(client)
  let asked = 1
  if (list.reason === "unauthorized" && left() > 0) {
    const next = await tokens.current()
    // Finding it may have been a renewal, and the last question.
    if (!("problem" in next) && left() > 0) {
      list = await askList(client)
      asked += 1
    }
  }
  // A refusal may bring a renewal, for which the last question is kept; a token
  // that was renewed just now is not renewed again.
  const isNew = count() > asked
  const mayBeRenewed = !isNew && (await tokens.state()).can_renew
  const mayAsk = () => left() > (mayBeRenewed ? 1 : 0)
  const single =
    list.call.sent && MAY_BE_LIST_ONLY.includes(list.reason) && mayAsk()
      ? await askSingle(client)
      : null
  const accounts = new Map<string, AccountReply>()
  for (const accountId of accountIds) {
    if ((single ?? list).reason === null && mayAsk()) {
      accounts.set(accountId, await askAccount(client, accountId))
    }
  }
  return { list, single, accounts }
}

/** Of another gateway only the ledger's own question is known. */
export async function inquireOther(gateway: Gateway): Promise<Inquiry> {
  const md5 = randomMd5()
  const [result] = await gateway.check(
    [
      {
        charge_id: "doctor",
        md5,
        reference: md5.slice(0, 25).toUpperCase(),
        khqr_amount: "1",
        currency_code: "usd",
        gateway_ref: md5,
        closing: false,
      },
    ],
    "manual"
  )
  return {
    ...NOTHING_ASKED,
    single: result ? readOutcome(result.outcome, result.call) : null,
  }
}

async function askList(client: BakongClient): Promise<Reply> {
  const md5s = [randomMd5(), randomMd5()]
  const { outcomes, call } = await client.checkTransactionByMd5List(md5s, {
    purpose: "manual",
  })
  return readOutcome(outcomes.get(md5s[0])!, call)
}

async function askSingle(client: BakongClient): Promise<Reply> {
  const { outcome, call } = await client.checkTransactionByMd5(randomMd5(), {
    purpose: "manual",
  })
  return readOutcome(outcome, call)
}

async function askAccount(
  client: BakongClient,
  accountId: string
): Promise<AccountReply> {
  try {
    const exists = await client.checkBakongAccount(accountId, {
      purpose: "manual",
    })
    return { exists }
  } catch (error) {
    if (error instanceof BakongError) {
      return { error }
    }
    throw error
  }
}

function readOutcome(outcome: Outcome, call: BakongCall): Reply {
  return outcome.type === "unknown"
    ? {
        call,
        reason: outcome.reason,
        message: outcome.message,
        retryAfterMs: outcome.retryAfterMs,
      }
    : { call, reason: null, message: call.message }
}

/** Without a token the right answer is a refusal: it says that somebody is there. */
export function readPing(call: BakongCall): Reply {
  return { call, reason: reasonOfPing(call), message: call.message }
}

function reasonOfPing(call: BakongCall): UnknownReason | null {
  const { httpStatus, errorCode, responseCode, message } = call
  if (httpStatus === null || httpStatus >= 500) {
    return "unavailable"
  }
  if (
    [17, 19].includes(errorCode ?? 0) ||
    /daily request limit/i.test(message)
  ) {
    return "quota_spent"
  }
  switch (httpStatus) {
    case 401:
      return "unauthorized"
    case 403:
      return "forbidden"
    case 429:
      return "rate_limited"
  }
  if (responseCode === null) {
    return httpStatus === 200 ? "unreadable" : "unrecognized"
  }
  return errorCode === 6 ? "unauthorized" : null
}

function randomMd5(): string {
  return randomBytes(16).toString("hex")
}
