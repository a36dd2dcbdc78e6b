export {
  BakongClient,
  MAX_MD5S_PER_CALL,
  type BakongClientOptions,
} from "./client"
export {
  MAX_RETRY_AFTER_MS,
  readCheck,
  readCheckList,
  readEnvelope,
  type Envelope,
  type HttpAnswer,
} from "./outcome"
export {
  cleanToken,
  fingerprintOf,
  readTokenClaims,
  type TokenClaims,
} from "./token"
export type * from "./types"
export { BAKONG_ERROR_KINDS, BakongError, type BakongErrorKind } from "./errors"
export { refuse } from "./gate"
export type { CallPurpose, Exchange, Gate, OutgoingCall } from "./gate"
