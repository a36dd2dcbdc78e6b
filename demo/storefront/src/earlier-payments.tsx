import type { KhqrCharge } from "medusa-payment-khqr/storefront"
import { useEffect, useState } from "react"
import { forgetSession, shownSessions } from "./memory"
import { Link } from "./router"
import { useShop } from "./shop"
import { currentKhqrSession } from "./store"

/** The server takes each look for a shopper who waits, and asks the bank the more often for it. */
const LOOK_MS = 30_000

/** What became of KHQRs shown before: nobody is to pay twice. */
export function EarlierPayments({
  atCheckout = false,
}: {
  atCheckout?: boolean
}) {
  const { t } = useShop()
  const charges = useEarlierCharges(atCheckout)

  return (
    <div className="earlier" role="status">
      {charges.filter(hasMoney).map((charge) =>
        charge.status === "completed" ? (
          <p key={charge.id}>
            {t.earlierCompleted}{" "}
            {charge.order_id && (
              <Link
                href={`/order/${charge.order_id}`}
                onClickCapture={() => forgetSession(charge.payment_session_id)}
              >
                {t.earlierOrder}
              </Link>
            )}
          </p>
        ) : (
          <p key={charge.id}>{t.earlierPaid(charge.reference)}</p>
        )
      )}
      {atCheckout && charges.some((charge) => !hasMoney(charge)) && (
        <p>{t.earlierOpen}</p>
      )}
    </div>
  )
}

/** The charges of all KHQRs shown in this browser but the cart's present one. */
function useEarlierCharges(often: boolean): KhqrCharge[] {
  const { store, cart } = useShop()
  const [charges, setCharges] = useState<KhqrCharge[]>([])
  const present = cart ? currentKhqrSession(cart)?.id : undefined

  useEffect(() => {
    let stopped = false
    let timer: ReturnType<typeof setTimeout> | undefined

    async function look(): Promise<void> {
      clearTimeout(timer)
      const ids = shownSessions().filter((id) => id !== present)
      const answers = await Promise.all(
        // Without an answer, what was known stays.
        ids.map((id) => store.charge(id).catch(() => undefined))
      )
      if (stopped) {
        return
      }
      ids.forEach((id, index) => {
        const charge = answers[index]
        if (charge === null || (charge && isOver(charge))) {
          forgetSession(id)
        }
      })
      setCharges((known) =>
        ids
          .map((id, index) =>
            answers[index] === undefined
              ? known.find((one) => one.payment_session_id === id)
              : answers[index]
          )
          .filter((charge) => charge != null)
          .filter((charge) => !isOver(charge))
      )
      if (often) {
        clearTimeout(timer)
        timer = setTimeout(look, LOOK_MS)
      }
    }

    function onVisible(): void {
      if (document.visibilityState === "visible") {
        void look()
      }
    }

    void look()
    document.addEventListener("visibilitychange", onVisible)
    return () => {
      stopped = true
      clearTimeout(timer)
      document.removeEventListener("visibilitychange", onVisible)
    }
  }, [store, present, often])

  return charges.filter((charge) => charge.payment_session_id !== present)
}

function hasMoney({ status, in_review, closed }: KhqrCharge): boolean {
  return (
    closed === null &&
    (in_review || status === "paid" || status === "completed")
  )
}

function isOver(charge: KhqrCharge): boolean {
  // A static KHQR does not expire: nobody asks the bank about it.
  const isStaticOver =
    charge.mode === "static" && charge.expires_at <= charge.server_time
  return (
    !hasMoney(charge) &&
    (charge.closed !== null ||
      isStaticOver ||
      charge.status === "expired" ||
      charge.status === "failed")
  )
}
