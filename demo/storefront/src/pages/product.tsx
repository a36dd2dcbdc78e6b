import { useState } from "react"
import { Price } from "../price"
import { descriptionOf, pictureOf, titleOf } from "../product-texts"
import { Link } from "../router"
import { useShop } from "../shop"

export function ProductPage({ handle }: { handle: string }) {
  const { products, t, locale, change, store, busy } = useShop()
  const [added, setAdded] = useState(false)
  const product = products.find((one) => one.handle === handle)
  const variant = product?.variants?.[0]

  if (!product || !variant) {
    return (
      <p>
        {t.notFound} <Link href="/">{t.look}</Link>
      </p>
    )
  }

  async function add(variantId: string): Promise<void> {
    if (await change((cart) => store.addItem(cart, variantId))) {
      setAdded(true)
    }
  }

  return (
    <>
      <Link href="/" className="back">
        ← {t.back}
      </Link>
      <article className="product">
        <img src={pictureOf(handle)} alt="" />
        <div>
          <h1>{titleOf(product, locale)}</h1>
          <Price product={product} />
          <p>{descriptionOf(product, locale)}</p>
          <button disabled={busy} onClick={() => add(variant.id)}>
            {t.addToCart}
          </button>
          <p role="status">
            {added && (
              <>
                ✓ {t.added}. <Link href="/cart">{t.cart} →</Link>
              </>
            )}
          </p>
        </div>
      </article>
    </>
  )
}
