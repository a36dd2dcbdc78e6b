/*
 * What a shop needs to bring a gateway of its own, and the gateways we bring.
 */
export {
  BakongError,
  refuse,
  unknown,
  type BakongCall,
  type BakongTransaction,
  type CallPurpose,
  type CheckAnswer,
  type Exchange,
  type Gate,
  type Outcome,
  type OutgoingCall,
} from "../bakong"
export type * from "./gateway"
export { allowedLink } from "./deeplink"
export { HostedGateway, type HostedGatewayOptions } from "./hosted"
export {
  OpenApiGateway,
  type ListAccess,
  type OpenApiGatewayOptions,
} from "./open-api"
