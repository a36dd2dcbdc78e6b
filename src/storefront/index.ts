export { createKhqrClient, KhqrClientError } from "./client"
export type {
  KhqrCharge,
  KhqrClient,
  KhqrClientErrorKind,
  KhqrClientOptions,
  KhqrConflict,
  KhqrReceiptRefusal,
  KhqrSignal,
  KhqrUpdate,
} from "./client"
export { serverClock } from "./clock"
export type { ServerClock } from "./clock"
export { KhqrPaymentElement } from "./element"
export type {
  KhqrChargeDetail,
  KhqrCompletedDetail,
  KhqrErrorDetail,
  KhqrEventMap,
} from "./events"
export type { KhqrLocale } from "./texts"
