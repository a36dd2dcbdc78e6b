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
export { cleanToken } from "./token"
export type * from "./types"
