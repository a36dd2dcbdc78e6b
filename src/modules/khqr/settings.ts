import { generateEntityId } from "@medusajs/framework/utils"

import type { Database } from "./database"
import type { KhqrOptions } from "./options"
import { receiverFor } from "./receivers"
import type { Actor } from "./types"

/** Whether the shop takes KHQR payments; changed while it runs. */
export type ShopSwitch = {
  enabled: boolean
  /** For the shop's people; shoppers are not told. */
  reason: string | null
  /** An admin's id; `null` when nobody has ever changed it. */
  changed_by: string | null
  /** ISO 8601. */
  changed_at: string | null
}

/** As the owner of the shop set them in medusa-config. Holds no secret. */
export type ShopOptions = {
  mode: KhqrOptions["mode"]
  limits: KhqrOptions["limits"]
  receivers: { usd: ShownReceiver | null; khr: ShownReceiver | null }
  khr_rounding: KhqrOptions["khrRounding"]
  late_payments: KhqrOptions["latePayments"]
  expires_in_seconds: number
  manual_confirmation: boolean
}

export type ShownReceiver = {
  type: "individual" | "merchant"
  account_id: string
  merchant_id: string | null
  acquiring_bank: string | null
}

const SHOP = "shop"

const NEVER_CHANGED: ShopSwitch = {
  enabled: true,
  reason: null,
  changed_by: null,
  changed_at: null,
}

/** A condition for SQL: part of the statement that issues a KHQR, so that none slips through and none costs a look. */
export const IS_SWITCHED_OFF = `EXISTS (
  SELECT 1 FROM khqr_setting
  WHERE id = '${SHOP}' AND value->>'enabled' = 'false' AND deleted_at IS NULL
)`

export async function readSwitch({ sql }: Database): Promise<ShopSwitch> {
  const [setting] = await sql<{ value: ShopSwitch }>(
    "SELECT value FROM khqr_setting WHERE id = ? AND deleted_at IS NULL",
    [SHOP]
  )
  return setting?.value ?? NEVER_CHANGED
}

/** A wish for what is so already changes nothing, and leaves who said it first. */
export async function writeSwitch(
  database: Database,
  { enabled, reason }: Pick<ShopSwitch, "enabled" | "reason">,
  actor: Actor,
  now: Date
): Promise<ShopSwitch> {
  const value: ShopSwitch = {
    enabled,
    reason,
    changed_by: actor,
    changed_at: now.toISOString(),
  }
  return database.transaction(async (sql) => {
    // Without a row it is on; whoever comes second waits for the first.
    await sql(
      "INSERT INTO khqr_setting (id, value) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
      [SHOP, JSON.stringify(NEVER_CHANGED)]
    )
    const changed = await sql(
      `UPDATE khqr_setting SET value = ?, updated_at = now()
       WHERE id = ? AND (value->'enabled' IS DISTINCT FROM ?::jsonb OR value->>'reason' IS DISTINCT FROM ?)
       RETURNING id`,
      [JSON.stringify(value), SHOP, JSON.stringify(enabled), reason]
    )
    if (changed.length === 0) {
      return readSwitch({ ...database, sql })
    }
    await sql(
      "INSERT INTO khqr_event (id, kind, actor, message) VALUES (?, 'setting', ?, ?)",
      [
        generateEntityId(undefined, "khqrev"),
        actor,
        `KHQR switched ${enabled ? "on" : "off"}${reason ? `: ${reason}` : ""}`,
      ]
    )
    return value
  })
}

/** What an admin may know of the options. */
export function shownOptions(options: KhqrOptions): ShopOptions {
  return {
    mode: options.mode,
    limits: options.limits,
    receivers: {
      usd: shownReceiver(options, "USD"),
      khr: shownReceiver(options, "KHR"),
    },
    khr_rounding: options.khrRounding,
    late_payments: options.latePayments,
    expires_in_seconds: options.expiresInSeconds,
    manual_confirmation: options.manualConfirmation,
  }
}

/** `null` where a gateway knows it alone. */
function shownReceiver(
  options: KhqrOptions,
  currency: "USD" | "KHR"
): ShownReceiver | null {
  const receiver = receiverFor(options, currency)
  return receiver.accountId === ""
    ? null
    : {
        type: receiver.type,
        account_id: receiver.accountId,
        merchant_id: receiver.type === "merchant" ? receiver.merchantId : null,
        acquiring_bank: receiver.acquiringBank ?? null,
      }
}
