import { money } from "./format"
import { pictureOf, titleOf } from "./product-texts"
import { useShop } from "./shop"
import type { Cart, Order } from "./store"

type Line =
  NonNullable<Cart["items"]>[number] | NonNullable<Order["items"]>[number]

/** The lines of a cart or an order; with `onQuantity` they can be changed. */
export function Lines({
  of,
  onQuantity,
}: {
  of: Cart | Order
  onQuantity?: (itemId: string, quantity: number) => void
}) {
  const { products, locale, t, busy } = useShop()

  function nameOf(item: Line): string {
    const product = products.find(({ id }) => id === item.product_id)
    return product ? titleOf(product, locale) : item.title
  }

  const lines: Line[] = [...(of.items ?? [])].sort((a, b) =>
    String(a.created_at).localeCompare(String(b.created_at))
  )
  return (
    <ul className="lines">
      {lines.map((item) => (
        <li key={item.id}>
          <img src={pictureOf(item.product_handle)} alt="" />
          <div className="line-name">
            <b>{nameOf(item)}</b>
            <span className="soft">
              {money(item.unit_price, of.currency_code)}
              {!onQuantity && ` ×\u00a0${item.quantity}`}
            </span>
          </div>
          {onQuantity && (
            <div className="stepper" role="group" aria-label={t.quantity}>
              <button
                disabled={busy}
                aria-label={item.quantity > 1 ? t.less : t.remove}
                onClick={() => onQuantity(item.id, item.quantity - 1)}
              >
                −
              </button>
              <span>{item.quantity}</span>
              <button
                disabled={busy}
                aria-label={t.more}
                onClick={() => onQuantity(item.id, item.quantity + 1)}
              >
                +
              </button>
            </div>
          )}
          <span className="line-total">
            {money(item.unit_price * item.quantity, of.currency_code)}
          </span>
        </li>
      ))}
    </ul>
  )
}
