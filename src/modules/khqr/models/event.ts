import { model } from "@medusajs/framework/utils"

/**
 * Append-only: the history of each charge (what changed, why and who did it),
 * and one row of kind `call` for each call to the bank. Holds no token.
 */
const KhqrEvent = model
  .define("khqr_event", {
    id: model.id({ prefix: "khqrev" }).primaryKey(),
    /** `null` for calls: one call may be about many charges. */
    charge_id: model.text().nullable(),
    kind: model.text(),
    /** `shopper`, `medusa`, `clock` or the id of an admin user. */
    actor: model.text(),
    /** The charge's; `null` for calls. */
    status: model.text().nullable(),
    review_reason: model.text().nullable(),
    message: model.text().nullable(),
    /** Of the call that brought the news; the call's own row has its details. */
    request_id: model.text().nullable(),
    /** Of a call: the charges it asked about. */
    charge_ids: model.json().nullable(),
    endpoint: model.text().nullable(),
    /** `null` when no answer came. */
    http_status: model.number().nullable(),
    response_code: model.number().nullable(),
    error_code: model.number().nullable(),
    duration_ms: model.number().nullable(),
    /** The whole answer as it arrived, for some days, and for ever where it is a proof; `null` where it may hold a token. */
    answer: model.text().nullable(),
    /** Proof of a payment or of what a person has to decide: never tidied away. */
    is_proof: model.boolean().default(false),
  })
  .indexes([
    { on: ["charge_id", "created_at"] },
    { on: ["request_id"], where: "request_id IS NOT NULL" },
    {
      name: "IDX_khqr_event_call_charge_ids",
      on: ["charge_ids"],
      type: "gin",
      where: "kind = 'call'",
    },
    {
      name: "IDX_khqr_event_calls_to_tidy",
      on: ["created_at"],
      where: "kind = 'call' AND is_proof = false",
    },
    {
      name: "IDX_khqr_event_calls",
      on: ["created_at"],
      where: "kind = 'call'",
    },
    {
      name: "IDX_khqr_event_answers_to_tidy",
      on: ["created_at"],
      where: "kind = 'call' AND is_proof = false AND answer IS NOT NULL",
    },
  ])

export default KhqrEvent
