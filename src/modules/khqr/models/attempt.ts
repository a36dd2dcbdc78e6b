import { model } from "@medusajs/framework/utils"

/** How often somebody tried something that may be tried only so often; shared by all processes. */
const KhqrAttempt = model.define("khqr_attempt", {
  /** What, and by whom: `receipt:session:<id>`, `receipt:charge:<id>` of staff, `receipt:address:<SHA-256 of the address>`, `announcement:actor:<id>`, `announcement:charge:<id>`, `announcement:repeat:<id>`. */
  id: model.text().primaryKey(),
  window_started_at: model.dateTime(),
  count: model.number(),
})

export default KhqrAttempt
