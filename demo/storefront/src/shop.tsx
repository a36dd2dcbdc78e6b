import type { ReactNode } from "react"
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react"
import type { Config } from "./config"
import { forgetCart, recall, remember } from "./memory"
import { navigate } from "./router"
import type { Cart, Product, Region, Store } from "./store"
import { createStore } from "./store"
import type { Locale, Texts } from "./texts"
import { texts } from "./texts"

type Shop = {
  config: Config
  store: Store
  locale: Locale
  t: Texts
  setLocale(locale: Locale): void
  /** One for each currency the shop takes. */
  regions: Region[]
  region: Region
  setRegion(region: Region): Promise<void>
  products: Product[]
  cart: Cart | null
  /** Runs a change of the cart; what goes wrong is told in words. */
  change(make: (cart: Cart) => Promise<Cart>): Promise<boolean>
  busy: boolean
  error: string | null
  /** Reads the cart again. */
  refresh(): Promise<void>
  closeCart(): void
}

const ShopContext = createContext<Shop | null>(null)

export function useShop(): Shop {
  const shop = useContext(ShopContext)
  if (!shop) {
    throw new Error("useShop outside of ShopProvider")
  }
  return shop
}

type Loaded = { regions: Region[]; region: Region; products: Product[] }

export function ShopProvider({
  config,
  children,
}: {
  config: Config
  children: ReactNode
}) {
  const store = useMemo(() => createStore(config), [config])
  const [locale, setLocaleState] = useState<Locale>(firstLocale)
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  const [cart, setCart] = useState<Cart | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const t = texts[locale]

  const fail = useCallback(
    (reason: unknown) => setError(inWords(reason, t)),
    [t]
  )

  const load = useCallback(async () => {
    setError(null)
    const [regions, resumed] = await Promise.all([
      store.regions(),
      store.resume(),
    ])
    const region =
      regions.find(({ id }) => id === resumed.cart?.region_id) ??
      regions.find(
        ({ currency_code }) => currency_code === recall().currency
      ) ??
      regions.find(({ currency_code }) => currency_code === "usd") ??
      regions[0]
    if (!region) {
      throw new Error("The shop has no region yet.")
    }
    setCart(resumed.cart ?? null)
    setLoaded({ regions, region, products: await store.products(region.id) })
    showOrder(resumed.orderId)
  }, [store])

  useEffect(() => {
    load().catch(fail)
    // `fail` is left out: another language is no reason to load again.
  }, [load])

  useEffect(() => {
    document.documentElement.lang = locale
  }, [locale])

  /** The cart may have changed, or become an order, in another tab. */
  const refresh = useCallback(async () => {
    const { cart: found, orderId } = await store.resume()
    setCart(found ?? null)
    showOrder(orderId)
  }, [store])

  useEffect(() => {
    function onVisible(): void {
      if (document.visibilityState === "visible") {
        refresh().catch(fail)
      }
    }
    document.addEventListener("visibilitychange", onVisible)
    return () => document.removeEventListener("visibilitychange", onVisible)
  }, [refresh, fail])

  async function attempt(work: () => Promise<void>): Promise<boolean> {
    setBusy(true)
    setError(null)
    try {
      await work()
      return true
    } catch (reason) {
      fail(reason)
      return false
    } finally {
      setBusy(false)
    }
  }

  if (!loaded) {
    return (
      <main className="page">
        {error ? (
          <p className="error" role="alert">
            {error}{" "}
            <button className="link" onClick={() => load().catch(fail)}>
              {t.retry}
            </button>
          </p>
        ) : (
          <p className="soft">{t.loading}</p>
        )}
      </main>
    )
  }

  const shop: Shop = {
    ...loaded,
    config,
    store,
    locale,
    t,
    cart,
    busy,
    error,
    setLocale(next) {
      remember({ locale: next })
      setLocaleState(next)
    },
    async setRegion(region) {
      await attempt(async () => {
        const products = await store.products(region.id)
        // A cart keeps its currency: an open KHQR of it may still be paid.
        const moved = cart?.items?.length
          ? await store.createCart(region, cart)
          : null
        if (!moved) {
          forgetCart()
        }
        remember({ currency: region.currency_code as "usd" | "khr" })
        setCart(moved)
        setLoaded({ ...loaded, region, products })
      })
    },
    change: (make) =>
      attempt(async () => {
        setCart(await make(cart ?? (await store.createCart(loaded.region))))
      }),
    refresh: () => refresh().catch(fail),
    closeCart() {
      forgetCart()
      setCart(null)
      setError(null)
    },
  }

  return <ShopContext.Provider value={shop}>{children}</ShopContext.Provider>
}

/** The order was made while no page of ours looked: now is the time to say so, wherever the shopper is. */
function showOrder(id: string | undefined): void {
  if (id) {
    navigate(`/order/${id}`, "replace")
  }
}

function firstLocale(): Locale {
  return recall().locale ?? (navigator.language.startsWith("km") ? "km" : "en")
}

export function inWords(reason: unknown, t: Texts): string {
  const status = (reason as { status?: number | null } | null)?.status
  if (reason instanceof TypeError || status === null) {
    return t.noConnection
  }
  // What a server says of its own faults is not meant for shoppers.
  if (status !== undefined && status >= 500) {
    return t.shopFault
  }
  return reason instanceof Error && reason.message
    ? reason.message
    : t.noConnection
}
