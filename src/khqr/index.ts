export { buildKhqr } from "./build"
export { renderKhqrCard } from "./card"
export type { KhqrCard } from "./card"
export { decodeKhqr } from "./decode"
export { KhqrError } from "./errors"
export type { KhqrErrorCode } from "./errors"
export { khqrMd5 } from "./md5"
export {
  formatKhqrAmount,
  sameAmount,
  toExactKhqrAmount,
  toKhqrAmount,
} from "./money"
export type {
  BuildDynamicKhqrInput,
  BuildKhqrInput,
  BuildStaticKhqrInput,
  BuiltKhqr,
  DecodedKhqr,
  KhqrCurrency,
  KhqrFields,
  KhqrReceiver,
  KhrRounding,
} from "./types"
