import type { SimulatedRandom } from "./random"

/** Where a deep link leads, and where the payer goes back to. */
export type PayLink = {
  qr: string
  callback: string | null
  appName: string | null
}

const MAX_LINKS = 10_000

/** The short links of `generate_deeplink_by_qr`: another one at each call. */
export class PayLinks {
  protected readonly links_ = new Map<string, PayLink>()
  protected readonly url_: () => string
  protected readonly random_: SimulatedRandom

  /** @param url the simulator's own address. */
  constructor(url: () => string, random: SimulatedRandom) {
    this.url_ = url
    this.random_ = random
  }

  create(link: PayLink): string {
    const id = this.random_.bytes(6).toString("base64url")
    this.links_.set(id, link)
    if (this.links_.size > MAX_LINKS) {
      this.links_.delete(this.links_.keys().next().value!)
    }
    return `${this.url_()}/pay?link=${id}`
  }

  find(id: string): PayLink | null {
    return this.links_.get(id) ?? null
  }

  reset(): void {
    this.links_.clear()
  }
}
