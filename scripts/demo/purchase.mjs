import { ShopError } from "../shop/faults.mjs"
import { timed } from "./report.mjs"

const PROVIDER = "pp_khqr_bakong"
const LONGEST_WAIT = 60_000
const PAUSE = 250

const ADDRESS = {
  first_name: "Sok",
  last_name: "Dara",
  address_1: "Street 155",
  city: "Phnom Penh",
  country_code: "kh",
  phone: "012345678",
}

/**
 * Buys one thing over the store API as a storefront does, pays it in the simulated bank, and
 * lets the shop find that out by itself: nothing here tells it of the payment.
 *
 * @throws {ShopError} with the reason when there is no order, or its payment is not captured
 */
export async function purchase({ backendUrl, bankUrl, admin, shop, currency }) {
  const { renderUnicodeCompact } = await import("uqr")
  const store = client(backendUrl, {
    "x-publishable-api-key": shop.publishableKey,
  })
  const region_id = shop.regions[currency]
  const money = (amount) => inCurrency(amount, currency)
  console.log(`\nA purchase in ${currency.toUpperCase()}`)

  const product = await timed(
    "products",
    async () => {
      const { products } = await store.get(
        `/store/products?region_id=${region_id}&fields=title,*variants.calculated_price`
      )
      return products[0]
    },
    ({ title, variants: [variant] }) =>
      `${title}, ${money(variant.calculated_price.calculated_amount)}`
  )
  const cart = await timed(
    "cart with address",
    async () =>
      // The riel region has no country of its own: the address comes with the new cart.
      (
        await store.post("/store/carts", {
          region_id,
          email: "dara@example.com",
          items: [{ variant_id: product.variants[0].id, quantity: 2 }],
          shipping_address: ADDRESS,
          billing_address: ADDRESS,
        })
      ).cart,
    ({ id, total }) => `${id}, ${money(total)}`
  )
  await timed(
    "delivery",
    async () => {
      const { shipping_options } = await store.get(
        `/store/shipping-options?cart_id=${cart.id}`
      )
      const { cart: delivered } = await store.post(
        `/store/carts/${cart.id}/shipping-methods`,
        { option_id: shipping_options[0].id }
      )
      return { option: shipping_options[0], total: delivered.total }
    },
    ({ option, total }) => `${option.name}, now ${money(total)}`
  )
  const session = await timed(
    "KHQR",
    async () => {
      const { payment_collection } = await store.post(
        "/store/payment-collections",
        { cart_id: cart.id }
      )
      const { payment_collection: opened } = await store.post(
        `/store/payment-collections/${payment_collection.id}/payment-sessions`,
        { provider_id: PROVIDER }
      )
      return opened.payment_sessions[0]
    },
    ({ data }) =>
      `${data.qr}\n\n${renderUnicodeCompact(data.qr, { border: 2 })}\n`
  )
  await timed(
    "paid in the bank",
    async () => {
      const { transactions } = await client(bankUrl).post("/_control/pay", {
        qr: session.data.qr,
      })
      return transactions[0]
    },
    ({ amount, currency, toAccountId, hash }) =>
      `${amount} ${currency} to ${toAccountId}, hash ${hash.slice(0, 8)}`
  )
  const orderId = await timed(
    "found by the shop",
    () => waitForOrder(store, session.id),
    (id) => id
  )
  const order = await timed("order", async () => {
    const { order } = await store.get(`/store/orders/${orderId}`)
    return order
  })
  const payment = await timed(
    "payment is captured",
    () => findCapturedPayment(backendUrl, admin, order),
    ({ provider_id, captured_at }) => `${provider_id} at ${captured_at}`
  )
  console.log(describe(order, payment, money))
}

async function waitForOrder(store, sessionId) {
  const until = Date.now() + LONGEST_WAIT
  for (;;) {
    const { charge } = await store.get(
      `/store/khqr/payment-sessions/${sessionId}`
    )
    if (charge.status === "completed" && charge.order_id) {
      return charge.order_id
    }
    if (["expired", "failed"].includes(charge.status) || charge.in_review) {
      throw new ShopError(
        `The charge ${charge.id} is paid, and the shop says it is ${charge.in_review ? "in review" : charge.status}`
      )
    }
    if (Date.now() > until) {
      throw new ShopError(
        `No order ${LONGEST_WAIT / 1000} s after the payment: the charge ${charge.id} is ${charge.status}, the bank is ${charge.bank}`
      )
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
}

/** As the merchant sees it in the dashboard. */
async function findCapturedPayment(backendUrl, admin, { id, total }) {
  const { token } = await client(backendUrl).post("/auth/user/emailpass", admin)
  const { order } = await client(backendUrl, {
    authorization: `Bearer ${token}`,
  }).get(
    `/admin/orders/${id}?fields=payment_status,*payment_collections.payments,*payment_collections.payments.captures`
  )
  const payments = order.payment_collections.flatMap(({ payments }) => payments)
  const [payment] = payments
  if (
    order.payment_status !== "captured" ||
    payments.length !== 1 ||
    payment.captured_at === null ||
    Number(payment.amount) !== total
  ) {
    throw new ShopError(
      `The order ${id} over ${total} is there, but its payment is not right: ${order.payment_status}, ${JSON.stringify(payments)}`
    )
  }
  return payment
}

function describe(order, payment, money) {
  const lines = order.items.map(
    ({ quantity, product_title, total }) =>
      `${quantity} x ${product_title}, ${money(total)}`
  )
  return `
  Order #${order.display_id} (${order.id})
    ${lines.join("\n    ")}
    Delivery, ${money(order.shipping_total)}
    Total ${money(order.total)}, captured ${money(payment.amount)}
    For ${order.email}, ${order.shipping_address.address_1}, ${order.shipping_address.city}`
}

function inCurrency(amount, currency) {
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "code",
    minimumFractionDigits: currency === "khr" ? 0 : 2,
  }).format(amount)
}

function client(baseUrl, headers = {}) {
  const call = async (method, path, body) => {
    const response = await fetch(baseUrl + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await response.text()
    if (!response.ok) {
      throw new ShopError(
        `${method} ${path} answered with HTTP ${response.status}: ${text}`
      )
    }
    return JSON.parse(text)
  }
  return {
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
  }
}
