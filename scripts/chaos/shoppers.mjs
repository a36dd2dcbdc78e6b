import { sleep } from "./random.mjs"
import { Refused } from "./store.mjs"

const PROVIDER = "pp_khqr_bakong"

const ADDRESS = {
  first_name: "Sok",
  last_name: "Dara",
  address_1: "Street 155",
  city: "Phnom Penh",
  country_code: "kh",
  phone: "012345678",
}

/** How long a shopper looks at the page after paying. The order comes with or without them. */
const WATCHES_MS = 20_000

/** Past the KHQR's time and the minute by which clocks may differ; what comes then is late. */
const LATE_S = 700

/** What shoppers do, and how many of a hundred. */
export const STORIES = {
  pays: 34,
  pays_and_leaves: 10,
  pays_and_completes: 8,
  never_pays: 7,
  pays_late: 6,
  pays_twice: 5,
  pays_another_amount: 4,
  pays_in_another_currency: 2,
  pays_somebody_else: 1,
  changes_the_cart_and_pays_the_old_khqr: 3,
  changes_the_cart_and_pays_the_new_khqr: 4,
  chooses_khqr_again_and_pays_the_old_one: 3,
  opens_two_tabs_and_pays_both: 3,
  fails_and_renews: 3,
  fails_renews_and_pays_the_old_one: 2,
  shows_the_receipt: 3,
  shows_the_receipt_of_somebody_else: 2,
}

/** One shopper with a story of their own; what went wrong for them is told, not thrown. */
export class Shopper {
  /**
   * @param {object} world
   * @param {import("./store.mjs").Store} world.store
   * @param {object} world.bank
   * @param {object} world.shop
   * @param {(chargeId: string, seconds: number) => Promise<void>} world.age
   * @param {{ hash: string, currency: string }[]} world.receipts of all shoppers
   */
  constructor(world, random) {
    Object.assign(this, world)
    this.random = random
    this.currency = random.pick(["usd", "usd", "khr"])
    this.story = random.weighted(STORIES)
    this.email = `dara${Math.floor(random.next() * 1e9)}@example.com`
  }

  /** @returns {Promise<string | undefined>} what refused them, if something did */
  async live() {
    try {
      await this[this.story]()
      return undefined
    } catch (error) {
      if (error instanceof Refused) {
        return error.message
      }
      throw error
    }
  }

  /* Stories */

  async pays() {
    const { session } = await this.checkout()
    await this.hesitate()
    this.pay(session)
    await this.watch(session)
  }

  async pays_and_leaves() {
    const { session } = await this.checkout()
    await this.hesitate()
    this.pay(session, { delayMs: Math.round(this.random.between(0, 4_000)) })
  }

  /** As a storefront of the shop's own does, that knows nothing of ours. */
  async pays_and_completes() {
    const { cartId, session } = await this.checkout()
    if (this.random.chance(0.3)) {
      await this.store.post(`carts/${cartId}/complete`)
    }
    this.pay(session)
    await this.hesitate()
    for (let i = 0; i < 3; i++) {
      const { type } = await this.store.post(`carts/${cartId}/complete`)
      if (type === "order") {
        return
      }
      await sleep(1_500)
    }
  }

  async never_pays() {
    const { session } = await this.checkout()
    await this.signal(session, "returned")
  }

  async pays_late() {
    const { session } = await this.checkout()
    await this.age(session.data.charge_id, LATE_S)
    await this.hesitate()
    this.pay(session)
    if (this.random.chance(0.5)) {
      await this.signal(session, "claims_paid")
    }
  }

  async pays_twice() {
    const { session } = await this.checkout()
    this.pay(session)
    await this.hesitate()
    this.pay(session)
    await this.watch(session)
  }

  async pays_another_amount() {
    const { session } = await this.checkout()
    const amount = Number(session.data.amount)
    this.pay(session, {
      amount: this.currency === "khr" ? amount + 100 : amount / 2,
    })
  }

  async pays_in_another_currency() {
    const { session } = await this.checkout()
    this.pay(session, { currency: this.currency === "khr" ? "USD" : "KHR" })
  }

  async pays_somebody_else() {
    const { session } = await this.checkout()
    this.pay(session, { toAccountId: "somebody_else@aclb" })
  }

  async changes_the_cart_and_pays_the_old_khqr() {
    const { cartId, session } = await this.checkout()
    await this.hesitate()
    await this.addOne(cartId)
    this.pay(session)
  }

  async changes_the_cart_and_pays_the_new_khqr() {
    const { cartId, collectionId } = await this.checkout()
    await this.hesitate()
    await this.addOne(cartId)
    const session = await this.openSession(collectionId)
    this.pay(session)
    await this.watch(session)
  }

  async chooses_khqr_again_and_pays_the_old_one() {
    const { collectionId, session } = await this.checkout()
    await this.hesitate()
    await this.openSession(collectionId)
    this.pay(session)
    await this.watch(session)
  }

  async opens_two_tabs_and_pays_both() {
    const { collectionId, session } = await this.checkout()
    const other = await this.openSession(collectionId)
    this.pay(session)
    await this.hesitate()
    this.pay(other)
    await this.watch(other)
  }

  async fails_and_renews() {
    const { session } = await this.checkout()
    const renewed = await this.failAndRenew(session)
    this.pay({ ...session, data: renewed ?? session.data })
    await this.watch(session)
  }

  async fails_renews_and_pays_the_old_one() {
    const { session } = await this.checkout()
    const renewed = await this.failAndRenew(session)
    this.pay(session)
    if (renewed && this.random.chance(0.5)) {
      await this.hesitate()
      this.pay({ ...session, data: renewed })
    }
    await this.watch(session)
  }

  async shows_the_receipt() {
    const { session } = await this.checkout()
    const [transfer] = this.pay(session)
    await this.receipt(session, transfer.hash)
    await this.watch(session)
  }

  /** Who pays nothing and has seen, or photographed, what another one paid. */
  async shows_the_receipt_of_somebody_else() {
    const { session } = await this.checkout()
    const mine = this.receipts.filter((one) => one.currency === this.currency)
    if (mine.length > 0) {
      await this.receipt(session, this.random.pick(mine).hash)
    }
  }

  /* What they are made of */

  async checkout() {
    const { store, shop, random } = this
    const { cart } = await store.post("carts", {
      region_id: shop.regions[this.currency],
      // Medusa makes a customer of each address, and two at once of one are refused.
      email: this.email,
      items: [this.item(Math.ceil(random.between(0, 3)))],
      shipping_address: ADDRESS,
      billing_address: ADDRESS,
    })
    await store.post(`carts/${cart.id}/shipping-methods`, {
      option_id: shop.shippingOptionId,
    })
    const { payment_collection } = await store.post("payment-collections", {
      cart_id: cart.id,
    })
    const session = await this.openSession(payment_collection.id)
    return { cartId: cart.id, collectionId: payment_collection.id, session }
  }

  item(quantity) {
    const variants = Object.values(this.shop.variants)
    return { variant_id: this.random.pick(variants), quantity }
  }

  async openSession(collectionId) {
    const { payment_collection } = await this.store.post(
      `payment-collections/${collectionId}/payment-sessions`,
      { provider_id: PROVIDER }
    )
    return payment_collection.payment_sessions[0]
  }

  async addOne(cartId) {
    await this.store.post(`carts/${cartId}/line-items`, this.item(1))
  }

  pay({ data }, input = {}) {
    const transfers = this.bank.pay({ qr: data.qr, ...input })
    for (const { hash, currency } of transfers) {
      this.receipts.push({ hash, currency: currency.toLowerCase() })
    }
    return transfers
  }

  /** Seconds at most: the point is to have many at once. */
  hesitate() {
    return sleep(this.random.between(0, 2_500))
  }

  signal({ id }, kind) {
    return this.store.post(`khqr/payment-sessions/${id}/signals`, { kind })
  }

  /** Whatever the shop says of it: most are refused. */
  async receipt({ id }, hash) {
    const sent = this.random.chance(0.5) ? hash : hash.slice(0, 8)
    try {
      await this.store.post(`khqr/payment-sessions/${id}/receipt`, {
        hash: sent,
      })
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500) {
        throw error
      }
    }
  }

  /** The bank's app says no; the page offers another KHQR once the shop has heard of it. */
  async failAndRenew(session) {
    this.bank.fail(session.data.qr)
    for (let i = 0; i < 12; i++) {
      const { charge } = await this.view(session)
      if (charge.status === "failed") {
        const renewed = await this.store.post(
          `khqr/payment-sessions/${session.id}/renew`
        )
        return renewed.charge
      }
      await sleep(1_000)
    }
    return undefined
  }

  view({ id }) {
    return this.store.get(`khqr/payment-sessions/${id}`)
  }

  /** Some look at the page all the time, some come back to it. */
  async watch(session) {
    const until = Date.now() + this.random.between(0, WATCHES_MS)
    while (Date.now() < until) {
      const { charge } = await this.view(session)
      if (charge.status === "completed" || charge.in_review) {
        return
      }
      if (this.random.chance(0.2)) {
        await this.signal(
          session,
          this.random.pick(["returned", "claims_paid"])
        )
      }
      await sleep(1_000)
    }
  }
}
