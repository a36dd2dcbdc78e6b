import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import type { Logger } from "@medusajs/framework/types"

import { databaseOf, type Database } from "../modules/khqr/database"
import type { KhqrOptions } from "../modules/khqr/options"
import { checkDatabase, noDatabaseUrl } from "./checks/database"
import { checkDeepLink } from "./checks/deep-link"
import { checkMigrations } from "./checks/migrations"
import { checkOptions } from "./checks/options"
import { checkPaymentModule } from "./checks/payment-module"
import { checkRegions } from "./checks/regions"
import { connect } from "./connection"
import {
  examineBank,
  skipExamination,
  type BankExamination,
} from "./examine-bank"
import { about, hasFailure, type Finding } from "./finding"
import { hiderOf } from "./secrets"
import { readShop, type Shop } from "./shop"

export type Report = {
  findings: Finding[]
  /** How many questions were asked, and of whom. */
  questions: number
  asked: "Bakong" | "the gateway"
}

export type Patient = {
  /** What `medusa-config` exports, or the configuration of a running Medusa. */
  config: unknown
  /** Of a running Medusa; otherwise one is opened and closed. */
  knex?: Knex
  /** Whether the bank may be asked. */
  ask: boolean
  logger: Logger
}

/** Looks at everything that a payment needs. Changes nothing in the shop. Never throws. */
export async function examine(patient: Patient): Promise<Report> {
  const shop = readShop(patient.config)
  const hide = hiderOf(shop.plugin?.options)
  const report = await examineShop(shop, patient)
  return {
    ...report,
    findings: report.findings.map(({ mend, says, ...rest }) => ({
      ...rest,
      says: hide(says),
      ...(mend && { mend: hide(mend) }),
    })),
  }
}

async function examineShop(shop: Shop, patient: Patient): Promise<Report> {
  const { findings, options } = checkOptions(shop)
  const ledger = await examineLedger(shop, options, patient)
  return {
    findings: [
      ...findings,
      ...checkPaymentModule(shop),
      ...ledger.findings,
      ...(options ? [linkOf(options)] : []),
    ],
    questions: ledger.questions,
    asked: options?.gateway ? "the gateway" : "Bakong",
  }
}

/** What is in the database, and what is asked of the bank: such questions are counted there. */
async function examineLedger(
  shop: Shop,
  options: KhqrOptions | null,
  patient: Patient
): Promise<BankExamination> {
  if (!patient.knex && !shop.database.url) {
    return withoutDatabase(noDatabaseUrl)
  }
  const knex = patient.knex ?? connect(shop.database)
  try {
    const finding = await checkDatabase(knex, shop)
    if (hasFailure([finding])) {
      return withoutDatabase(finding)
    }
    const database = databaseOf(knex)
    const migrations = await surely("migrations", async () => [
      await checkMigrations(database),
    ])
    const regions = await examineRegions(shop, database)
    const bank = await examineBankIfReady(
      options,
      hasFailure(migrations),
      database,
      patient
    )
    return {
      findings: [finding, ...migrations, ...regions, ...bank.findings],
      questions: bank.questions,
    }
  } finally {
    if (!patient.knex) {
      await knex.destroy()
    }
  }
}

function withoutDatabase(finding: Finding): BankExamination {
  const because = "needs the database"
  const bank = skipExamination("needs the database, where calls are counted")
  return {
    findings: [
      finding,
      about("migrations").skipped(because),
      about("regions").skipped(because),
      ...bank.findings,
    ],
    questions: 0,
  }
}

async function examineRegions(
  { payment }: Shop,
  database: Database
): Promise<Finding[]> {
  return payment.providerIds.length === 0
    ? [about("regions").skipped("needs the provider")]
    : surely("regions", () => checkRegions(database, payment.providerIds))
}

async function examineBankIfReady(
  options: KhqrOptions | null,
  isNotMigrated: boolean,
  database: Database,
  { ask, logger }: Patient
): Promise<BankExamination> {
  if (!options) {
    return skipExamination("needs options that are right")
  }
  if (isNotMigrated) {
    return skipExamination("needs the migrations: calls are counted there")
  }
  return examineBank(options, database, ask, logger)
}

function linkOf(options: KhqrOptions): Finding {
  return options.gateway === undefined
    ? checkDeepLink(options)
    : about("deep link").skipped("the gateway brings its own")
}

async function surely(
  name: string,
  look: () => Promise<Finding[]>
): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    return [about(name).failure(describe(error))]
  }
}

const describe = (error: unknown): string =>
  `could not be looked at: ${(error as Error).message}`
