import { model } from "@medusajs/framework/utils"

/** Append-only history of a charge: what changed, why and who did it. Holds no token. */
const KhqrEvent = model
  .define("khqr_event", {
    id: model.id({ prefix: "khqrev" }).primaryKey(),
    charge_id: model.text(),
    kind: model.text(),
    /** `shopper`, `medusa`, `clock` or the id of an admin user. */
    actor: model.text(),
    status: model.text(),
    review_reason: model.text().nullable(),
    message: model.text().nullable(),
    endpoint: model.text().nullable(),
    http_status: model.number().nullable(),
    response_code: model.number().nullable(),
    error_code: model.number().nullable(),
    duration_ms: model.number().nullable(),
    request_id: model.text().nullable(),
  })
  .indexes([{ on: ["charge_id", "created_at"] }])

export default KhqrEvent
