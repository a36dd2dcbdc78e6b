import type { FormEvent } from "react"
import { useEffect, useState } from "react"
import { EarlierPayments } from "../earlier-payments"
import { money } from "../format"
import { KhqrStep } from "../khqr-step"
import { Lines } from "../lines"
import { Link } from "../router"
import { inWords, useShop } from "../shop"
import type { Cart, ShippingOption } from "../store"
import { currentKhqrSession } from "../store"
import { Totals } from "../totals"

type Step = "address" | "delivery" | "payment"

export function CheckoutPage() {
  const { cart, t } = useShop()
  const [editing, setEditing] = useState<Step | null>(null)

  if (!cart?.items?.length) {
    return (
      <>
        <EarlierPayments atCheckout />
        <p>
          {t.emptyCart} <Link href="/">{t.look}</Link>
        </p>
      </>
    )
  }
  const step = editing ?? nextStep(cart)
  const done = () => setEditing(null)

  return (
    <>
      <h1>{t.checkoutTitle}</h1>
      {step !== "payment" && <EarlierPayments atCheckout />}
      <div className="checkout">
        <div className="steps">
          <section className="step">
            <StepHead
              number={1}
              title={t.address}
              onChange={
                step !== "address" ? () => setEditing("address") : undefined
              }
            />
            {step === "address" ? (
              <AddressForm cart={cart} onDone={done} />
            ) : (
              <p className="soft">
                {cart.shipping_address?.first_name},{" "}
                {cart.shipping_address?.phone}
                <br />
                {cart.shipping_address?.address_1}, {t.city}
              </p>
            )}
          </section>
          <section className="step">
            <StepHead
              number={2}
              title={t.howDelivered}
              onChange={
                step === "payment" ? () => setEditing("delivery") : undefined
              }
            />
            {step === "delivery" && (
              <DeliveryForm cart={cart} onDone={done} key={cart.id} />
            )}
            {step === "payment" && (
              <p className="soft">
                {cart.shipping_methods?.[0]?.name},{" "}
                {money(cart.shipping_subtotal, cart.currency_code)}
              </p>
            )}
          </section>
          <section className="step">
            <StepHead number={3} title={t.payment} />
            {step === "payment" && (
              <>
                <EarlierPayments atCheckout />
                <Payment cart={cart} />
              </>
            )}
          </section>
        </div>
        <aside>
          <h2>{t.summary}</h2>
          <Lines of={cart} />
          <Totals of={cart} />
        </aside>
      </div>
    </>
  )
}

function nextStep(cart: Cart): Step {
  if (!cart.email || !cart.shipping_address?.address_1) {
    return "address"
  }
  return cart.shipping_methods?.length ? "payment" : "delivery"
}

function StepHead({
  number,
  title,
  onChange,
}: {
  number: number
  title: string
  onChange?: () => void
}) {
  const { t } = useShop()
  return (
    <div className="step-head">
      <h2>
        <span className="number">{number}</span> {title}
      </h2>
      {onChange && (
        <button className="link" onClick={onChange}>
          {t.change}
        </button>
      )}
    </div>
  )
}

function AddressForm({ cart, onDone }: { cart: Cart; onDone: () => void }) {
  const { t, change, store, busy } = useShop()

  async function save(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const field = (name: string) => String(form.get(name) ?? "").trim()
    const saved = await change((current) =>
      store.saveAddress(current, {
        name: field("name"),
        phone: field("phone"),
        email: field("email"),
        address: field("address"),
      })
    )
    if (saved) {
      onDone()
    }
  }

  const to = cart.shipping_address
  return (
    <form onSubmit={save} className="fields">
      <label>
        {t.name}
        <input
          name="name"
          required
          autoComplete="name"
          defaultValue={to?.first_name ?? ""}
        />
      </label>
      <label>
        {t.phone}
        <input
          name="phone"
          type="tel"
          required
          autoComplete="tel"
          placeholder="012 345 678"
          defaultValue={to?.phone ?? ""}
        />
      </label>
      <label className="wide">
        {t.email}
        <input
          name="email"
          type="email"
          required
          autoComplete="email"
          defaultValue={cart.email ?? ""}
        />
      </label>
      <label className="wide">
        {t.street}
        <input
          name="address"
          required
          autoComplete="street-address"
          defaultValue={to?.address_1 ?? ""}
        />
      </label>
      <p className="wide soft">{t.city}</p>
      <button className="wide" disabled={busy}>
        {t.next}
      </button>
    </form>
  )
}

function DeliveryForm({ cart, onDone }: { cart: Cart; onDone: () => void }) {
  const { t, change, store, busy } = useShop()
  const [options, setOptions] = useState<ShippingOption[] | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const chosen = cart.shipping_methods?.[0]?.shipping_option_id

  useEffect(() => {
    let current = true
    store.shippingOptions(cart).then(
      (found) => current && setOptions(found),
      (reason) => current && setFailure(inWords(reason, t))
    )
    return () => {
      current = false
    }
  }, [store, cart, t])

  async function save(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const option = String(new FormData(event.currentTarget).get("option"))
    if (await change((current) => store.chooseShipping(current, option))) {
      onDone()
    }
  }

  if (failure) {
    return (
      <p className="error" role="alert">
        {failure}
      </p>
    )
  }
  if (!options) {
    return <p className="soft">{t.loading}</p>
  }
  if (!options.length) {
    return <p>{t.noDelivery}</p>
  }
  return (
    <form onSubmit={save} className="fields">
      {options.map((option, index) => (
        <label key={option.id} className="wide choice">
          <input
            type="radio"
            name="option"
            value={option.id}
            defaultChecked={chosen ? option.id === chosen : index === 0}
          />
          <span>{option.name}</span>
          <b>{money(option.amount, cart.currency_code)}</b>
        </label>
      ))}
      <button className="wide" disabled={busy}>
        {t.next}
      </button>
    </form>
  )
}

function Payment({ cart }: { cart: Cart }) {
  const { t, change, store, busy } = useShop()
  const session = currentKhqrSession(cart)

  if (session) {
    return <KhqrStep session={session} key={session.id} />
  }
  return (
    <>
      <p className="soft">{t.payKhqrHint}</p>
      <button
        disabled={busy}
        onClick={() => change((current) => store.startKhqr(current))}
      >
        {t.payKhqr} · {money(cart.total, cart.currency_code)}
      </button>
    </>
  )
}
