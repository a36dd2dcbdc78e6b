import { about, type Finding } from "../finding"
import type { Shop } from "../shop"

/** Whether Medusa's Payment Module knows the provider, and waits for the ledger it needs. */
export function checkPaymentModule({ payment }: Shop): Finding[] {
  return [checkProvider(payment), checkDependencies(payment)]
}

function checkProvider({ providerIds }: Shop["payment"]): Finding {
  const { ok, failure } = about("provider")
  return providerIds.length > 0
    ? ok(`registered as ${providerIds.join(", ")}`)
    : failure(
        "the Payment Module has no KHQR provider",
        'add { resolve: "medusa-payment-khqr/providers/khqr", id: "bakong" } to `options.providers` of "@medusajs/medusa/payment"'
      )
}

function checkDependencies({ dependsOnKhqr }: Shop["payment"]): Finding {
  const { ok, failure } = about("dependencies")
  return dependsOnKhqr
    ? ok("the Payment Module waits for the KHQR ledger")
    : failure(
        "the Payment Module does not know the KHQR ledger: no session can be made",
        'add `dependencies: ["khqr"]` to "@medusajs/medusa/payment" in medusa-config'
      )
}
