import { model } from "@medusajs/framework/utils"

/**
 * What a token has asked and may still ask: one row per token and day, shared by
 * all processes. Its rules are in `quota.ts`.
 */
const KhqrQuota = model
  .define("khqr_quota", {
    id: model.id({ prefix: "khqrquota" }).primaryKey(),
    /** Whose questions these are; never the token itself. */
    token_key: model.text(),
    /** By Phnom Penh's calendar, `2026-11-21`. */
    day: model.text(),
    /** Calls since midnight in Phnom Penh. */
    used: model.number().default(0),
    utc_day: model.text(),
    /** Calls since midnight UTC: which of the two the bank counts by is not settled. */
    used_utc: model.number().default(0),
    /** Of the day's calls, those that shoppers' receipts have cost. */
    receipts: model.number().default(0),
    /** Calls that the bank refused for want of quota. */
    refused: model.number().default(0),
    /** The limit as the bank's refusals have shown it, when lower than the option. */
    learned_limit: model.number().nullable(),
    /** The quota is spent, by the bank's word or by our count. */
    spent_at: model.dateTime().nullable(),
    spent_by: model.enum(["bank", "count"]).nullable(),
    /** When one call may find out whether the quota is there again. */
    next_probe_at: model.dateTime().nullable(),
    /** When a probe was last served. */
    lifted_at: model.dateTime().nullable(),
    /** The bank asked for a pause (HTTP 429). */
    paused_until: model.dateTime().nullable(),
    /** The list endpoint is closed to this token; tried again then. */
    list_closed_until: model.dateTime().nullable(),
  })
  .indexes([{ on: ["token_key", "day"], unique: true }])

export default KhqrQuota
