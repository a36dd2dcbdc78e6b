export { checkChargesWorkflow } from "./check-charges"
export { renewChargeWorkflow } from "./renew-charge"
export { settleChargeWorkflow } from "./settle-charge"
