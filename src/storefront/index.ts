export { createKhqrClient, KhqrClientError } from "./client"
export type {
  KhqrCharge,
  KhqrClient,
  KhqrClientErrorKind,
  KhqrClientOptions,
  KhqrConflict,
  KhqrSignal,
  KhqrUpdate,
} from "./client"
export { KhqrPaymentElement } from "./element"
export type {
  KhqrChargeDetail,
  KhqrCompletedDetail,
  KhqrErrorDetail,
  KhqrEventMap,
} from "./element"
export type { KhqrLocale } from "./texts"
