import { readFileSync } from "node:fs"
import { join } from "node:path"

import type { MedusaContainer } from "@medusajs/framework/types"
import {
  ContainerRegistrationKeys,
  Modules,
  ProductStatus,
} from "@medusajs/framework/utils"
import {
  createApiKeysWorkflow,
  createProductsWorkflow,
  createRegionsWorkflow,
  createSalesChannelsWorkflow,
  createShippingOptionsWorkflow,
  createShippingProfilesWorkflow,
  createStockLocationsWorkflow,
  createTaxRegionsWorkflow,
  linkSalesChannelsToApiKeyWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
  updateStoresWorkflow,
} from "@medusajs/medusa/core-flows"

export const KHQR_PROVIDER_ID = "pp_khqr_bakong"

export type CatalogueProduct = {
  handle: string
  title: string
  title_km: string
  description: string
  description_km: string
  /** Dollars. */
  usd: number
  /** Whole riel. */
  khr: number
  /** Path below the storefront's public folder. */
  image: string
}

export type SeededShop = {
  publishableKey: string
  salesChannelId: string
  regions: { usd: string; khr: string }
  shippingOptionId: string
  /** Variant ids by product handle. */
  variants: Record<string, string>
}

const SALES_CHANNEL = "Phsar Toul Demo"
const KEY_TITLE = "Demo storefront"

/**
 * A Cambodian shop: two regions for the country's two currencies, delivery in
 * Phnom Penh, a few products, KHQR as the way to pay. Seeding twice changes nothing.
 */
export async function seedShop(
  container: MedusaContainer,
  products: CatalogueProduct[] = readCatalogue()
): Promise<SeededShop> {
  const existing = await findShop(container)
  if (existing) {
    return existing
  }
  const {
    result: [salesChannel],
  } = await createSalesChannelsWorkflow(container).run({
    input: { salesChannelsData: [{ name: SALES_CHANNEL }] },
  })
  await describeStore(container, salesChannel.id)
  await createRegions(container)
  const { shippingProfileId } = await createDelivery(container, salesChannel.id)
  await createPublishableKey(container, salesChannel.id)
  await createProducts(container, products, salesChannel.id, shippingProfileId)
  return (await findShop(container))!
}

/** `medusa exec` runs the default export. */
export default async function seed({
  container,
}: {
  container: MedusaContainer
}): Promise<void> {
  const shop = await seedShop(container)
  container
    .resolve(ContainerRegistrationKeys.LOGGER)
    .info(`Seeded the demo shop, publishable key ${shop.publishableKey}`)
}

export function readCatalogue(): CatalogueProduct[] {
  return JSON.parse(readFileSync(join(__dirname, "products.json"), "utf8"))
}

async function findShop(
  container: MedusaContainer
): Promise<SeededShop | null> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const {
    data: [channel],
  } = await query.graph({
    entity: "sales_channel",
    fields: ["id"],
    filters: { name: SALES_CHANNEL },
  })
  if (!channel) {
    return null
  }
  const [keys, regions, options, products] = await Promise.all([
    query.graph({
      entity: "api_key",
      fields: ["token"],
      // Medusa makes a key of its own at the first start, for its own channel.
      filters: { title: KEY_TITLE },
    }),
    query.graph({ entity: "region", fields: ["id", "currency_code"] }),
    query.graph({ entity: "shipping_option", fields: ["id"] }),
    query.graph({ entity: "product", fields: ["handle", "variants.id"] }),
  ])
  const regionOf = (currency: string) =>
    regions.data.find((region) => region.currency_code === currency)?.id
  const [usd, khr] = [regionOf("usd"), regionOf("khr")]
  const [key] = keys.data
  const [option] = options.data
  if (!usd || !khr || !key || !option || products.data.length === 0) {
    throw new Error(
      "The demo shop is only half there, as after an interrupted start. Remove .cache/postgres/demo and start again."
    )
  }
  return {
    publishableKey: key.token,
    salesChannelId: channel.id,
    regions: { usd, khr },
    shippingOptionId: option.id,
    variants: Object.fromEntries(
      products.data.map((product) => [
        product.handle,
        product.variants[0]?.id ?? "",
      ])
    ),
  }
}

async function describeStore(
  container: MedusaContainer,
  salesChannelId: string
): Promise<void> {
  const [store] = await container.resolve(Modules.STORE).listStores()
  await updateStoresWorkflow(container).run({
    input: {
      selector: { id: store.id },
      update: {
        name: "Phsar Toul Demo",
        supported_currencies: [
          { currency_code: "usd", is_default: true },
          { currency_code: "khr" },
        ],
        default_sales_channel_id: salesChannelId,
      },
    },
  })
}

/**
 * A Medusa region has one currency, and a country belongs to one region: the
 * riel region has no country of its own and takes addresses when a cart is made.
 */
async function createRegions(container: MedusaContainer): Promise<void> {
  await createRegionsWorkflow(container).run({
    input: {
      regions: [
        {
          name: "Cambodia (US dollar)",
          currency_code: "usd",
          countries: ["kh"],
          payment_providers: [KHQR_PROVIDER_ID, "pp_system_default"],
        },
        {
          name: "Cambodia (riel)",
          currency_code: "khr",
          countries: [],
          payment_providers: [KHQR_PROVIDER_ID, "pp_system_default"],
        },
      ],
    },
  })
  await createTaxRegionsWorkflow(container).run({
    input: [{ country_code: "kh", provider_id: "tp_system" }],
  })
}

async function createDelivery(
  container: MedusaContainer,
  salesChannelId: string
): Promise<{ shippingProfileId: string }> {
  const link = container.resolve(ContainerRegistrationKeys.LINK)
  const fulfillment = container.resolve(Modules.FULFILLMENT)
  const {
    result: [location],
  } = await createStockLocationsWorkflow(container).run({
    input: {
      locations: [
        {
          name: "Toul Tom Poung warehouse",
          address: {
            city: "Phnom Penh",
            country_code: "KH",
            address_1: "Street 155",
          },
        },
      ],
    },
  })
  await linkSalesChannelsToStockLocationWorkflow(container).run({
    input: { id: location.id, add: [salesChannelId] },
  })
  await link.create({
    [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
    [Modules.FULFILLMENT]: { fulfillment_provider_id: "manual_manual" },
  })
  const shippingProfileId = await findOrCreateShippingProfile(container)
  const set = await fulfillment.createFulfillmentSets({
    name: "Delivery in Phnom Penh",
    type: "shipping",
    service_zones: [
      {
        name: "Phnom Penh",
        geo_zones: [{ country_code: "kh", type: "country" }],
      },
    ],
  })
  await link.create({
    [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
    [Modules.FULFILLMENT]: { fulfillment_set_id: set.id },
  })
  await createShippingOptionsWorkflow(container).run({
    input: [
      {
        name: "Moto delivery, Phnom Penh",
        price_type: "flat",
        provider_id: "manual_manual",
        service_zone_id: set.service_zones[0].id,
        shipping_profile_id: shippingProfileId,
        type: {
          label: "Moto",
          description: "Today, by moto, within Phnom Penh",
          code: "moto",
        },
        prices: [
          { currency_code: "usd", amount: 1.5 },
          { currency_code: "khr", amount: 6000 },
        ],
        rules: [
          { attribute: "enabled_in_store", value: "true", operator: "eq" },
          { attribute: "is_return", value: "false", operator: "eq" },
        ],
      },
    ],
  })
  return { shippingProfileId }
}

async function findOrCreateShippingProfile(
  container: MedusaContainer
): Promise<string> {
  const [profile] = await container
    .resolve(Modules.FULFILLMENT)
    .listShippingProfiles({ type: "default" })
  if (profile) {
    return profile.id
  }
  const {
    result: [created],
  } = await createShippingProfilesWorkflow(container).run({
    input: { data: [{ name: "Default", type: "default" }] },
  })
  return created.id
}

async function createPublishableKey(
  container: MedusaContainer,
  salesChannelId: string
): Promise<void> {
  const {
    result: [key],
  } = await createApiKeysWorkflow(container).run({
    input: {
      api_keys: [{ title: KEY_TITLE, type: "publishable", created_by: "" }],
    },
  })
  await linkSalesChannelsToApiKeyWorkflow(container).run({
    input: { id: key.id, add: [salesChannelId] },
  })
}

async function createProducts(
  container: MedusaContainer,
  products: CatalogueProduct[],
  salesChannelId: string,
  shippingProfileId: string
): Promise<void> {
  await createProductsWorkflow(container).run({
    input: {
      products: products.map((product) => ({
        title: product.title,
        handle: product.handle,
        description: product.description,
        status: ProductStatus.PUBLISHED,
        shipping_profile_id: shippingProfileId,
        thumbnail: product.image,
        images: [{ url: product.image }],
        metadata: {
          title_km: product.title_km,
          description_km: product.description_km,
        },
        options: [{ title: "Size", values: ["One size"] }],
        variants: [
          {
            title: "One size",
            sku: product.handle.toUpperCase(),
            manage_inventory: false,
            options: { Size: "One size" },
            prices: [
              { currency_code: "usd", amount: product.usd },
              { currency_code: "khr", amount: product.khr },
            ],
          },
        ],
        sales_channels: [{ id: salesChannelId }],
      })),
    },
  })
}
