import { useEffect, useState } from "react"
import { Lines } from "../lines"
import { Link } from "../router"
import { inWords, useShop } from "../shop"
import type { Order } from "../store"
import { Totals } from "../totals"

export function OrderPage({ id }: { id: string }) {
  const { store, t } = useShop()
  const [order, setOrder] = useState<Order | null>(null)
  const [failure, setFailure] = useState<string | null>(null)

  useEffect(() => {
    let current = true
    store.order(id).then(
      (found) => current && setOrder(found),
      (reason) => current && setFailure(inWords(reason, t))
    )
    return () => {
      current = false
    }
  }, [store, id, t])

  if (failure) {
    return (
      <p className="error" role="alert">
        {failure}
      </p>
    )
  }
  if (!order) {
    return <p className="soft">{t.loading}</p>
  }
  const to = order.shipping_address
  return (
    <div className="narrow">
      <div className="thanks">
        <span className="tick" aria-hidden="true">
          ✓
        </span>
        <h1>{t.thanks}</h1>
        <p>
          {t.orderNumber} <b>#{order.display_id}</b>
          {isPaid(order) && <> · {t.paid}</>}
        </p>
        {isPaid(order) && <p className="soft">{t.orderPlaced}</p>}
      </div>
      <Lines of={order} />
      <Totals of={order} />
      <h2>{t.deliverTo}</h2>
      <p>
        {to?.first_name}, {to?.phone}
        <br />
        {to?.address_1}, {t.city}
      </p>
      <Link href="/" className="button quiet">
        {t.again}
      </Link>
    </div>
  )
}

function isPaid(order: Order): boolean {
  return order.payment_status === "captured"
}
