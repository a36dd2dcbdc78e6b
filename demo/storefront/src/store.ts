import Medusa from "@medusajs/js-sdk"
import type { HttpTypes } from "@medusajs/types"
import type { KhqrCharge } from "medusa-payment-khqr/storefront"
import {
  createKhqrClient,
  KhqrClientError,
} from "medusa-payment-khqr/storefront"
import type { Config } from "./config"
import { forgetCart, forgetSession, recall, remember } from "./memory"

export type Cart = HttpTypes.StoreCart
export type Region = HttpTypes.StoreRegion
export type Product = HttpTypes.StoreProduct
export type Order = HttpTypes.StoreOrder
export type ShippingOption = HttpTypes.StoreCartShippingOption
export type PaymentSession = HttpTypes.StorePaymentSession

export type Address = {
  email: string
  name: string
  phone: string
  address: string
}

export type Store = ReturnType<typeof createStore>

const KHQR = "pp_khqr_bakong"
const COUNTRY = "kh"

const CART_FIELDS = "*items.product,+items.total,+shipping_methods.name"

/** Every call the shop page makes, over the store API alone. */
export function createStore(config: Config) {
  const { store } = new Medusa({
    baseUrl: config.backendUrl,
    publishableKey: config.publishableKey,
  })
  const khqr = createKhqrClient({
    baseUrl: config.backendUrl,
    publishableKey: config.publishableKey,
  })

  /** One session for one cart and total, however often it is asked for. */
  const starting = new Map<string, Promise<void>>()

  async function getCart(id: string): Promise<Cart> {
    const { cart } = await store.cart.retrieve(id, {
      fields: `+completed_at,${CART_FIELDS}`,
    })
    return cart
  }

  return {
    async regions(): Promise<Region[]> {
      const { regions } = await store.region.list()
      return regions
    },

    async products(regionId: string): Promise<Product[]> {
      const { products } = await store.product.list({
        region_id: regionId,
        limit: 50,
        fields: "*variants.calculated_price,+metadata",
      })
      return products
    },

    /** The cart this browser had, or the order it has become. */
    async resume(): Promise<{ cart?: Cart; orderId?: string }> {
      const { cartId, paymentSessionId } = recall()
      if (!cartId) {
        return {}
      }
      const cart = await getCart(cartId).catch((error: unknown) => {
        if (statusOf(error) === 404) {
          return null
        }
        throw error
      })
      if (cart && !isCompleted(cart)) {
        return { cart }
      }
      const charge = paymentSessionId ? await getCharge(paymentSessionId) : null
      const orderId = charge?.order_id ?? undefined
      if (orderId) {
        forgetSession(paymentSessionId)
      }
      forgetCart()
      return { orderId }
    },

    /**
     * The country is given here and never again: the riel region has no country
     * of its own (Medusa gives each country to one region), and only an update
     * of the cart compares them.
     */
    async createCart(region: Region, like?: Cart): Promise<Cart> {
      const { cart } = await store.cart.create({
        region_id: region.id,
        email: like?.email ?? undefined,
        items: like?.items?.map(({ variant_id, quantity }) => ({
          variant_id: variant_id ?? "",
          quantity,
        })),
        shipping_address: {
          first_name: like?.shipping_address?.first_name,
          phone: like?.shipping_address?.phone,
          address_1: like?.shipping_address?.address_1,
          city: like?.shipping_address?.city,
          country_code: COUNTRY,
        } as HttpTypes.StoreCreateCart["shipping_address"],
      })
      remember({ cartId: cart.id, paymentSessionId: undefined })
      return getCart(cart.id)
    },

    async addItem(cart: Cart, variantId: string): Promise<Cart> {
      await store.cart.createLineItem(cart.id, {
        variant_id: variantId,
        quantity: 1,
      })
      return getCart(cart.id)
    },

    async setQuantity(
      cart: Cart,
      itemId: string,
      quantity: number
    ): Promise<Cart> {
      await (quantity > 0
        ? store.cart.updateLineItem(cart.id, itemId, { quantity })
        : store.cart.deleteLineItem(cart.id, itemId))
      return getCart(cart.id)
    },

    /** Changes the address the cart has, so that its country stays. */
    async saveAddress(cart: Cart, to: Address): Promise<Cart> {
      await store.cart.update(cart.id, {
        email: to.email,
        shipping_address: {
          id: cart.shipping_address?.id,
          first_name: to.name,
          phone: to.phone,
          address_1: to.address,
          city: "Phnom Penh",
        } as HttpTypes.StoreUpdateCart["shipping_address"],
      })
      return getCart(cart.id)
    },

    async shippingOptions(cart: Cart): Promise<ShippingOption[]> {
      const { shipping_options } = await store.fulfillment.listCartOptions({
        cart_id: cart.id,
      })
      return shipping_options
    },

    async chooseShipping(cart: Cart, optionId: string): Promise<Cart> {
      await store.cart.addShippingMethod(cart.id, { option_id: optionId })
      return getCart(cart.id)
    },

    async startKhqr(cart: Cart): Promise<Cart> {
      const key = `${cart.id}:${cart.total}`
      const started =
        starting.get(key) ??
        store.payment
          .initiatePaymentSession(cart, { provider_id: KHQR })
          .then(() => undefined)
          .finally(() => starting.delete(key))
      starting.set(key, started)
      await started
      return getCart(cart.id)
    },

    charge: getCharge,

    async order(id: string): Promise<Order> {
      const { order } = await store.order.retrieve(id)
      return order
    },
  }

  /** Of a payment session, also of one that its cart no longer has. */
  async function getCharge(sessionId: string): Promise<KhqrCharge | null> {
    try {
      return await khqr.retrieve(sessionId)
    } catch (error) {
      if (error instanceof KhqrClientError && error.kind === "not_found") {
        return null
      }
      throw error
    }
  }
}

/** The KHQR session that pays this cart as it is now. */
export function currentKhqrSession(cart: Cart): PaymentSession | undefined {
  return cart.payment_collection?.payment_sessions?.find(
    ({ provider_id, amount }) =>
      provider_id === KHQR && Number(amount) === Number(cart.total)
  )
}

export function countItems(cart: Cart | null): number {
  return (cart?.items ?? []).reduce((sum, { quantity }) => sum + quantity, 0)
}

function isCompleted(cart: Cart): boolean {
  return Boolean((cart as { completed_at?: string | null }).completed_at)
}

function statusOf(error: unknown): number | undefined {
  return (error as { status?: number }).status
}
