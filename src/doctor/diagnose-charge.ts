import { openBank } from "../modules/khqr/bank"
import { diagnoseCharge, type Diagnosis } from "../modules/khqr/bank/diagnose"
import { databaseOf } from "../modules/khqr/database"
import { parseOptions } from "../modules/khqr/options"
import { findCharge } from "./charge"
import { connect, tryConnection } from "./connection"
import { quietLogger } from "./logger"
import { hiderOf } from "./secrets"
import { serverOf, type Server } from "./server"
import { readShop, type Shop } from "./shop"

/** What was found, and who was asked. */
export type NamedDiagnosis = { diagnosis: Diagnosis; server: Server }

/**
 * Asks the bank about a charge of the shop with this configuration.
 *
 * @param name the charge's id, reference or md5
 * @throws Error without secrets: what stands in the way
 */
export async function diagnoseByName(
  config: unknown,
  name: string,
  receiptHash?: string
): Promise<NamedDiagnosis> {
  const shop = readShop(config)
  try {
    return await diagnose(shop, name, receiptHash)
  } catch (error) {
    throw new Error(hiderOf(shop.plugin?.options)((error as Error).message))
  }
}

async function diagnose(
  { plugin, database }: Shop,
  name: string,
  receiptHash?: string
): Promise<NamedDiagnosis> {
  if (!plugin || !database.url) {
    throw new Error(
      "medusa-config lacks the plugin or its database: khqr doctor says more"
    )
  }
  const options = parseOptions(plugin.options)
  const knex = connect(database)
  try {
    await tryConnection(knex)
    const ledger = databaseOf(knex)
    const charge = await findCharge(ledger, name)
    if (!charge) {
      throw new Error(
        `there is no charge with the id, reference or md5 ${name}`
      )
    }
    const { gateway } = openBank({
      options,
      database: ledger,
      logger: quietLogger,
      tell: () => {},
    })
    try {
      return {
        diagnosis: await diagnoseCharge(gateway, charge, receiptHash),
        server: serverOf(options, gateway.name),
      }
    } finally {
      gateway.close()
    }
  } finally {
    await knex.destroy()
  }
}
