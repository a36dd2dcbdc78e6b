import type { KhqrPaymentElement } from "medusa-payment-khqr/storefront"
import type { MouseEvent } from "react"
import { useEffect, useRef, useState } from "react"
import { forgetSession, rememberSession } from "./memory"
import { navigate } from "./router"
import { useShop } from "./shop"
import type { PaymentSession } from "./store"

/** The payment step: all a shop needs is the element and its one event. */
export function KhqrStep({ session }: { session: PaymentSession }) {
  const { config, locale, t, refresh, closeCart } = useShop()
  const element = useRef<KhqrPaymentElement>(null)
  const [isPaid, setIsPaid] = useState(false)

  useEffect(() => {
    rememberSession(session.id)
  }, [session.id])

  useEffect(() => {
    const payment = element.current
    const onPaid = () => setIsPaid(true)
    function toOrder(event: HTMLElementEventMap["khqr:completed"]): void {
      const { orderId } = event.detail
      if (orderId) {
        forgetSession(session.id)
        navigate(`/order/${orderId}`, "replace")
        closeCart()
      }
    }
    function onError(event: HTMLElementEventMap["khqr:error"]): void {
      // A change of the cart ends its session, in whichever tab it was made.
      if (["not_found", "conflict"].includes(event.detail.error.kind)) {
        void refresh()
      }
    }
    payment?.addEventListener("khqr:paid", onPaid)
    payment?.addEventListener("khqr:completed", toOrder)
    payment?.addEventListener("khqr:error", onError)
    return () => {
      payment?.removeEventListener("khqr:paid", onPaid)
      payment?.removeEventListener("khqr:completed", toOrder)
      payment?.removeEventListener("khqr:error", onError)
    }
  }, [refresh, closeCart, session.id])

  const payUrl = (qr: unknown) =>
    `${config.simulatorUrl}/pay?qr=${encodeURIComponent(String(qr))}`

  /** After "New QR" the session's data, read earlier, has the old string. */
  function usePresentQr(event: MouseEvent<HTMLAnchorElement>): void {
    const qr = element.current?.charge?.qr
    if (qr) {
      event.currentTarget.href = payUrl(qr)
    }
  }

  return (
    <>
      <khqr-payment
        ref={element}
        session-id={session.id}
        backend-url={config.backendUrl}
        publishable-key={config.publishableKey}
        locale={locale}
      />
      {!isPaid && (
        <p className="demo-note">
          <a
            href={payUrl(session.data?.qr)}
            target="_blank"
            rel="noopener"
            onClick={usePresentQr}
          >
            {t.payer} ↗
          </a>
          <span>{t.payerHint}</span>
        </p>
      )}
    </>
  )
}
