import { Lines } from "../lines"
import { Link } from "../router"
import { useShop } from "../shop"
import { Totals } from "../totals"

export function CartPage() {
  const { cart, t, change, store } = useShop()
  if (!cart?.items?.length) {
    return (
      <>
        <h1>{t.cart}</h1>
        <p>
          {t.emptyCart} <Link href="/">{t.look}</Link>
        </p>
      </>
    )
  }
  return (
    <div className="narrow">
      <h1>{t.cart}</h1>
      <Lines
        of={cart}
        onQuantity={(item, quantity) =>
          change((current) => store.setQuantity(current, item, quantity))
        }
      />
      <Totals of={cart} />
      <Link href="/checkout" className="button">
        {t.checkout}
      </Link>
    </div>
  )
}
