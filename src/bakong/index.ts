export {
  BakongClient,
  MAX_ITEMS_PER_CALL,
  type BakongClientOptions,
  type CallContext,
  type Registration,
  type ShortHash,
  type SourceInfo,
} from "./client"
export {
  BAKONG_ERROR_KINDS,
  BakongError,
  errorOf,
  type BakongErrorKind,
} from "./errors"
export { openGate, refuse } from "./gate"
export type { CallPurpose, Exchange, Gate, OutgoingCall } from "./gate"
export { readAmount, writeJsonWithAmount } from "./json"
export { readCheck, readCheckList } from "./outcome"
export {
  cleanToken,
  fingerprintOf,
  readTokenClaims,
  type TokenClaims,
} from "./token"
export {
  HttpTransport,
  type PostOptions,
  type Reply,
  type TransportOptions,
} from "./transport"
export {
  MAX_RETRY_AFTER_MS,
  parseBody,
  presentable,
  readEnvelope,
  readStatus,
  unknown,
  type Description,
} from "./trouble"
export type * from "./types"
