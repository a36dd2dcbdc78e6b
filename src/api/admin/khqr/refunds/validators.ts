import { z } from "@medusajs/framework/zod"

import {
  REFUND_REVIEW_REASONS,
  REFUND_STATUSES,
} from "../../../../modules/khqr/refund-state"

const text = (name: string, most: number) =>
  z
    .string()
    .trim()
    .min(1, `${name} must not be empty`)
    .max(most, `${name} must be at most ${most} characters long`)

export const AdminKhqrListRefunds = z.strictObject({
  status: z.enum(REFUND_STATUSES).optional(),
  review_reason: z.enum(REFUND_REVIEW_REASONS).optional(),
  /** `open`: those that wait for a person. */
  review: z.literal("open").optional(),
  charge_id: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).default(0),
})

export type AdminKhqrListRefunds = z.infer<typeof AdminKhqrListRefunds>

export const AdminKhqrOpenRefund = z.strictObject({
  /** Exact decimal in the currency that came. Default all that is left of it. */
  amount: z
    .string()
    .trim()
    .regex(
      /^\d{1,13}(\.\d{1,10})?$/,
      'amount must be a decimal as a text, as "5.50"'
    )
    .optional(),
  /** Why; stays in the history. */
  note: text("note", 300).optional(),
})

export type AdminKhqrOpenRefund = z.infer<typeof AdminKhqrOpenRefund>

export const AdminKhqrSentRefund = z
  .strictObject({
    /** From the receipt: the bank is asked about it. */
    hash: z
      .string()
      .trim()
      .regex(
        /^[0-9a-fA-F]{64}$/,
        "hash must be the 64 hex characters by which the bank names the transfer"
      )
      .optional(),
    /** As the bank's app names the transfer, where there is no hash. */
    reference: text("reference", 100).optional(),
    note: text("note", 300).optional(),
  })
  .refine(
    ({ hash, reference }) => hash !== undefined || reference !== undefined,
    "needs the transfer's hash, or a reference"
  )

export type AdminKhqrSentRefund = z.infer<typeof AdminKhqrSentRefund>

export const AdminKhqrCancelRefund = z.strictObject({
  /** Stays in the history. */
  reason: text("reason", 300),
})

export type AdminKhqrCancelRefund = z.infer<typeof AdminKhqrCancelRefund>

export const AdminKhqrResolveRefund = AdminKhqrCancelRefund

export type AdminKhqrResolveRefund = z.infer<typeof AdminKhqrResolveRefund>
