import type { KhqrPaymentElement } from "medusa-payment-khqr/storefront"
import type { DetailedHTMLProps, HTMLAttributes } from "react"

type KhqrPaymentProps = DetailedHTMLProps<
  HTMLAttributes<KhqrPaymentElement>,
  KhqrPaymentElement
> & {
  "session-id": string
  "backend-url": string
  "publishable-key": string
  locale?: "en" | "km"
  theme?: "auto" | "light" | "dark"
}

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "khqr-payment": KhqrPaymentProps
    }
  }
}
