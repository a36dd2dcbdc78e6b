import type { Logger } from "@medusajs/framework/types"

import { openBank, type Bank } from "../modules/khqr/bank"
import type { Database } from "../modules/khqr/database"
import type { KhqrOptions } from "../modules/khqr/options"
import { receivingAccounts } from "../modules/khqr/receivers"
import { checkAccount } from "./checks/account"
import { checkBank, skipBank } from "./checks/bank"
import { checkClock } from "./checks/clock"
import { checkList } from "./checks/list"
import { checkQuota } from "./checks/quota"
import { checkToken } from "./checks/token"
import { countCalls } from "./count"
import { about, type Finding } from "./finding"
import {
  inquire,
  inquireOther,
  MOST_QUESTIONS,
  NOTHING_ASKED,
  type Count,
  type Inquiry,
  type Reply,
} from "./inquiry"
import { serverOf } from "./server"

/** Everything that is known by the bank only, in the order in which it is shown. */
const NAMES = ["bank", "place", "token", "clock", "list", "account", "quota"]

export type BankExamination = { findings: Finding[]; questions: number }

export function skipExamination(because: string): BankExamination {
  return {
    findings: NAMES.map((name) => about(name).skipped(because)),
    questions: 0,
  }
}

/**
 * Asks the bank through the shop's own gate: what is asked is counted, written
 * down, and refused when the quota is gone.
 *
 * @param ask `false` looks at what the ledger knows already
 */
export async function examineBank(
  options: KhqrOptions,
  ledger: Database,
  ask: boolean,
  logger: Logger
): Promise<BankExamination> {
  const { database, count } = countCalls(ledger)
  try {
    // Whoever runs the doctor hears of it there.
    const bank = openBank({ options, database, logger, tell: () => {} })
    try {
      const findings = bank.openApi
        ? await examineOpenApi(bank, bank.openApi, options, ask, count)
        : await examineOther(bank, options, ask)
      return { findings, questions: count() }
    } finally {
      bank.gateway.close()
    }
  } catch (error) {
    const [bank, ...others] = skipExamination("needs the bank").findings
    const failure = about(bank.name).failure(
      `could not be asked: ${(error as Error).message}`,
      options.gateway ? "mend the option gateway" : undefined
    )
    return { findings: [failure, ...others], questions: count() }
  }
}

async function examineOpenApi(
  bank: Bank,
  openApi: NonNullable<Bank["openApi"]>,
  options: KhqrOptions,
  ask: boolean,
  count: Count
): Promise<Finding[]> {
  const accounts = receivingAccounts(options)
  const accountIds = accounts.map(({ accountId }) => accountId)
  const inquiry = ask
    ? await inquire(openApi, accountIds, count)
    : NOTHING_ASKED
  const reply = tellsMost(inquiry)
  const state = await openApi.tokens.state()
  const now = new Date()
  const quota = await bank.quota.read(await bank.tokenKey(), now)
  const server = serverOf(options, bank.gateway.name)
  return [
    ...(reply
      ? checkBank(reply, server, now, inquiry.single === null)
      : skipBank(NOT_ASKED, server, quota.paused_until, now)),
    checkToken(state, wasAccepted(inquiry)),
    checkClock(callsOf(inquiry)),
    checkList(inquiry),
    ...examineAccounts(accounts, inquiry, whyNoAccount(reply, count())),
    state.token_key
      ? checkQuota(quota, bank.dailyRequestLimit, server.name, now)
      : about("quota").skipped(
          "there is no token whose calls could be counted"
        ),
  ]
}

/** A line for each that was asked about; one, at least. */
function examineAccounts(
  accounts: ReturnType<typeof receivingAccounts>,
  inquiry: Inquiry,
  whyNot: string
): Finding[] {
  const { skipped } = about("account")
  if (inquiry.accounts.size === 0) {
    return [skipped(whyNot)]
  }
  return accounts.map((account) => {
    const reply = inquiry.accounts.get(account.accountId)
    return reply
      ? checkAccount(account, reply)
      : skipped(`${account.accountId} was ${whyNot}`)
  })
}

function whyNoAccount(reply: Reply | null, asked: number): string {
  if (!reply) {
    return NOT_ASKED
  }
  if (reply.reason !== null) {
    return "not asked: the bank has to answer first"
  }
  return asked < MOST_QUESTIONS
    ? `not asked: the last of ${MOST_QUESTIONS} questions is kept for a renewal of the token`
    : `not asked: ${MOST_QUESTIONS} questions are enough`
}

/** Of another gateway, what the ledger itself needs of it: an answer. */
async function examineOther(
  bank: Bank,
  options: KhqrOptions,
  ask: boolean
): Promise<Finding[]> {
  const { gateway } = bank
  const inquiry = ask ? await inquireOther(gateway) : NOTHING_ASKED
  const reply = tellsMost(inquiry)
  const now = new Date()
  const quota = await bank.quota.read(await bank.tokenKey(), now)
  const server = serverOf(options, gateway.name)
  const [reached] = reply
    ? checkBank(reply, server, now)
    : skipBank(NOT_ASKED, server, quota.paused_until, now)
  const foreign = `does not apply to the gateway ${gateway.name}`
  return [
    reached,
    ...["place", "token"].map((name) => about(name).skipped(foreign)),
    checkClock(callsOf(inquiry)),
    ...["list", "account"].map((name) => about(name).skipped(foreign)),
    checkQuota(quota, bank.dailyRequestLimit, server.name, now),
  ]
}

const NOT_ASKED = "not asked, as wished"

/** A question about one tells what a refused list leaves open. */
const tellsMost = ({ list, single }: Inquiry): Reply | null => single ?? list

const callsOf = ({ list, single }: Inquiry) =>
  [list, single].flatMap((reply) => (reply ? [reply.call] : []))

/** `null`: the bank said nothing that would need a good token. */
function wasAccepted({ list, single }: Inquiry): boolean | null {
  const told = [list, single].some((reply) => reply?.reason === null)
  return told && list !== null ? true : null
}
