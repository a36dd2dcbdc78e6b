export type * from "./gateway"
export { allowedLink } from "./deeplink"
export { HostedGateway, type HostedGatewayOptions } from "./hosted"
export {
  OpenApiGateway,
  type ListAccess,
  type OpenApiGatewayOptions,
} from "./open-api"
