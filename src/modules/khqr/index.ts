import { Module } from "@medusajs/framework/utils"

import validateOptions from "./loaders/validate-options"
import KhqrModuleService from "./service"

/** The key under which the ledger is registered: `container.resolve("khqr")`. */
export const KHQR_MODULE = "khqr"

export default Module(KHQR_MODULE, {
  service: KhqrModuleService,
  loaders: [validateOptions],
})
