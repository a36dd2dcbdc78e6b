import { money } from "./format"
import type { Product } from "./store"

export function Price({ product }: { product: Product }) {
  const price = product.variants?.[0]?.calculated_price
  if (price?.calculated_amount == null) {
    return null
  }
  return (
    <span className="price">
      {money(price.calculated_amount, price.currency_code ?? "")}
    </span>
  )
}
