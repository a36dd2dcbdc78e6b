import type { Database } from "../../modules/khqr/database"
import { about, type Finding } from "../finding"

const { ok, warning, failure } = about("regions")

/** KHQR knows no others. */
const CURRENCIES = ["usd", "khr"]

const ENABLE =
  "choose it in the dashboard: Settings, Regions, the region, Payment Providers"

const UNDEFINED_TABLE = "42P01"

type Region = { name: string; currency_code: string }

/** Whether a shopper is offered KHQR anywhere: the provider is enabled in a region that sells in dollars or riel. */
export async function checkRegions(
  { sql }: Database,
  providerIds: string[]
): Promise<Finding[]> {
  try {
    return await Promise.all(
      providerIds.map(async (id) => judge(id, await listRegions({ sql }, id)))
    )
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) {
      return [
        failure(
          "Medusa's own tables are missing",
          "run: npx medusa db:migrate"
        ),
      ]
    }
    throw error
  }
}

async function listRegions(
  { sql }: Pick<Database, "sql">,
  providerId: string
): Promise<Region[]> {
  return sql<Region>(
    `SELECT region.name, region.currency_code
     FROM region_payment_provider AS link
     JOIN region ON region.id = link.region_id AND region.deleted_at IS NULL
     WHERE link.payment_provider_id = ? AND link.deleted_at IS NULL
     ORDER BY region.name`,
    [providerId]
  )
}

function judge(providerId: string, regions: Region[]): Finding {
  const sells = ({ currency_code }: Region) =>
    CURRENCIES.includes(currency_code.toLowerCase())
  const named = (some: Region[]) =>
    some
      .map(({ name, currency_code }) => `${name} in ${currency_code}`)
      .join(", ")
  if (regions.length === 0) {
    return failure(`${providerId} is enabled in no region`, ENABLE)
  }
  if (!regions.some(sells)) {
    return failure(
      `${providerId} is enabled only where KHQR cannot be paid: ${named(regions)}`,
      "enable it in a region whose currency is usd or khr"
    )
  }
  const others = regions.filter((region) => !sells(region))
  return others.length === 0
    ? ok(`${providerId} for ${named(regions)}`)
    : warning(
        `${providerId} for ${named(regions)}; KHQR is paid in usd and khr only`,
        `take it out of ${others.map(({ name }) => name).join(", ")}`
      )
}
