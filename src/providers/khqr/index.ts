import { ModuleProvider, Modules } from "@medusajs/framework/utils"

import KhqrProviderService from "./service"

export default ModuleProvider(Modules.PAYMENT, {
  services: [KhqrProviderService],
})
