import { Price } from "../price"
import { pictureOf, titleOf } from "../product-texts"
import { Link } from "../router"
import { useShop } from "../shop"

export function CataloguePage() {
  const { products, t, locale } = useShop()
  return (
    <>
      <div className="hero">
        <h1>{t.tagline}</h1>
        <p className="soft">{t.intro}</p>
      </div>
      <ul className="grid">
        {products.map((product) => (
          <li key={product.id}>
            <Link href={`/product/${product.handle}`} className="tile">
              <img src={pictureOf(product.handle)} alt="" loading="lazy" />
              <span className="tile-title">{titleOf(product, locale)}</span>
              <Price product={product} />
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}
