import { EarlierPayments } from "./earlier-payments"
import { CartPage } from "./pages/cart"
import { CataloguePage } from "./pages/catalogue"
import { CheckoutPage } from "./pages/checkout"
import { OrderPage } from "./pages/order"
import { ProductPage } from "./pages/product"
import { Link, usePath } from "./router"
import { useShop } from "./shop"
import { countItems } from "./store"

export function App() {
  const { t, error } = useShop()
  return (
    <>
      <Header />
      <main className="page">
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        <Page />
      </main>
      <footer className="soft">{t.demo}</footer>
    </>
  )
}

function Page() {
  const { t } = useShop()
  const [, place, name] = usePath().split("/")
  switch (place) {
    case "":
      return (
        <>
          <EarlierPayments />
          <CataloguePage />
        </>
      )
    case "product":
      return <ProductPage handle={decodeURIComponent(name ?? "")} />
    case "cart":
      return (
        <>
          <EarlierPayments />
          <CartPage />
        </>
      )
    case "checkout":
      return <CheckoutPage />
    case "order":
      return <OrderPage id={decodeURIComponent(name ?? "")} key={name} />
    default:
      return (
        <p>
          {t.notFound} <Link href="/">{t.look}</Link>
        </p>
      )
  }
}

function Header() {
  const { t, locale, setLocale, regions, region, setRegion, cart, busy } =
    useShop()
  const count = countItems(cart)

  return (
    <header>
      <div className="bar">
        <Link href="/" className="brand">
          <img src="/icon.svg" alt="" width="36" height="36" />
          <span>{locale === "km" ? "ផ្សារទួល" : "Phsar Toul"}</span>
        </Link>
        <div className="tools">
          <div className="switch" role="group" aria-label={t.currency}>
            {[...regions]
              .sort((a, b) => b.currency_code.localeCompare(a.currency_code))
              .map((one) => (
                <button
                  key={one.id}
                  aria-pressed={one.id === region.id}
                  disabled={busy}
                  onClick={() => one.id !== region.id && setRegion(one)}
                >
                  {one.currency_code.toUpperCase()}
                </button>
              ))}
          </div>
          <button
            className="link"
            lang={locale === "km" ? "en" : "km"}
            onClick={() => setLocale(locale === "km" ? "en" : "km")}
          >
            {t.language}
          </button>
          <Link href="/cart" className="to-cart">
            {t.cart}
            <span className="count" aria-label={`${t.quantity} ${count}`}>
              {count}
            </span>
          </Link>
        </div>
      </div>
      <div className="krama" />
    </header>
  )
}
