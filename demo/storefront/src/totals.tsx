import { money } from "./format"
import { useShop } from "./shop"
import type { Cart, Order } from "./store"

export function Totals({ of }: { of: Cart | Order }) {
  const { t } = useShop()
  const rows: [string, number][] = [[t.subtotal, of.item_subtotal]]
  if (of.shipping_methods?.length) {
    rows.push([t.delivery, of.shipping_subtotal])
  }
  if (of.tax_total) {
    rows.push([t.tax, of.tax_total])
  }
  return (
    <dl className="totals">
      {rows.map(([name, amount]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{money(amount, of.currency_code)}</dd>
        </div>
      ))}
      <div className="total">
        <dt>{t.total}</dt>
        <dd>{money(of.total, of.currency_code)}</dd>
      </div>
    </dl>
  )
}
