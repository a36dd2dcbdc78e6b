import { model } from "@medusajs/framework/utils"

export const TOKEN_SOURCES = [
  /** The plugin's option `bakong.token`; not kept here, only what became of it. */
  "option",
  "pasted",
  "registered",
  "renewed",
] as const

/** What is known of each Open API token that was ever used. A token itself is kept encrypted, or not at all. */
const KhqrToken = model
  .define("khqr_token", {
    id: model.id({ prefix: "khqrtok" }).primaryKey(),
    /** SHA-256 of the token, hex: tells tokens apart and opens nothing. */
    fingerprint: model.text().unique(),
    /** Under which its calls are counted, see `khqr_quota.token_key`. */
    token_key: model.text(),
    source: model.enum([...TOKEN_SOURCES]),
    /** A token is good for the host that issued it. */
    base_url: model.text(),
    /** AES-256-GCM; `null` for the option's token, and for one that was replaced. */
    ciphertext: model.text().nullable(),
    issued_at: model.dateTime().nullable(),
    /** `null` when it does not say. */
    expires_at: model.dateTime().nullable(),
    /** When the bank first answered a call made with it, and did not refuse it; `null` again at another host. */
    answered_at: model.dateTime().nullable(),
    /**
     * When the bank refused it (401): it is used no more. `null` again when the bank
     * takes it after all, when a person gives it once more, and once a day to try it
     * where no other is left.
     */
    refused_at: model.dateTime().nullable(),
    /** When its last renewal was begun. Without an error it is under way, for five minutes at most, or has brought a token. */
    renewal_started_at: model.dateTime().nullable(),
    /** Why the last renewal failed, or that the bank refuses what it brought. `null` once the bank takes the token again. */
    renewal_error: model.text().nullable(),
    /** The least number of days left of which the merchant was told. */
    warned_days: model.number().nullable(),
  })
  .indexes([{ on: ["base_url"] }])

export default KhqrToken
