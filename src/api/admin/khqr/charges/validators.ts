import { z } from "@medusajs/framework/zod"

import { CHARGE_MODES } from "../../../../modules/khqr/models/charge"
import {
  CHARGE_STATUSES,
  EVIDENCES,
  RESOLUTIONS,
  REVIEW_REASONS,
} from "../../../../modules/khqr/state"
import { receiptHash } from "../../../receipt-hash"

const words = (most: number) =>
  z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(most, `must be at most ${most} characters long`)

/** `a`, `a,b` or the parameter given twice. */
const someOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z
    .preprocess(
      (given) => (typeof given === "string" ? given.split(",") : given),
      z.array(z.enum(values)).min(1)
    )
    .optional()

const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((text) => new Date(text))

/** An exact decimal, as text or as a number. */
const amount = z
  .union([z.string().trim(), z.number().transform(String)])
  .pipe(z.string().regex(/^\d{1,15}(\.\d{1,20})?$/, "must be an amount"))

const filters = {
  status: someOf(CHARGE_STATUSES),
  /** `open`, what waits for a person, or any reason. */
  review: someOf(["open", ...REVIEW_REASONS]),
  currency: someOf(["usd", "khr"]),
  mode: someOf(CHARGE_MODES),
  evidence: someOf(EVIDENCES),
  /** See `ChargeFilters`. */
  q: words(100).optional(),
  issued_from: moment.optional(),
  issued_to: moment.optional(),
}

export const AdminKhqrExportCharges = z.strictObject(filters)

export const AdminKhqrListCharges = z.strictObject({
  ...filters,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).default(0),
})

export const AdminKhqrResolveCharge = z
  .strictObject({
    resolution: z.enum(RESOLUTIONS),
    /** For the history, in the person's own words. */
    reason: words(300),
    /** The order that an `attach` pays. */
    order_id: words(100).optional(),
    /** Of a `settle`: what the cart cost when the person looked; it is refused when it costs something else now. */
    expected_total: amount.optional(),
  })
  .refine(
    ({ resolution, order_id }) =>
      (resolution === "attach") === (order_id !== undefined),
    'order_id belongs to the resolution "attach", which needs it'
  )
  .refine(
    ({ resolution, expected_total }) =>
      resolution === "settle" || expected_total === undefined,
    'expected_total belongs to the resolution "settle"'
  )

export type AdminKhqrResolveCharge = z.infer<typeof AdminKhqrResolveCharge>

export const AdminKhqrConfirmCharge = z.strictObject({
  /** As the bank's app or the shop's own books name the transfer. */
  reference: words(100),
  reason: words(300),
  /** When it was paid, ISO 8601 with its offset; now, if it is not known. */
  paid_at: z.iso.datetime({ offset: true }).optional(),
})

export type AdminKhqrConfirmCharge = z.infer<typeof AdminKhqrConfirmCharge>

export const AdminKhqrReceipt = z
  .strictObject({
    hash: receiptHash,
    /** Ids of charges that a person vouched for, and that this transfer does not pay: one, or some. */
    despite: z
      .preprocess(
        (given) => (typeof given === "string" ? [given] : given),
        z.array(words(100)).min(1).max(50)
      )
      .optional(),
    /** The transfer is for this charge, whatever it is over: it goes to review. Needs the whole hash, of 64 characters. */
    any_amount: z.boolean().optional(),
  })
  .refine(
    ({ hash, any_amount }) => !any_amount || hash.length === 64,
    "any_amount needs the whole hash, of 64 characters: the bank finds the short one only with the amount that was asked for"
  )

export type AdminKhqrReceipt = z.infer<typeof AdminKhqrReceipt>
