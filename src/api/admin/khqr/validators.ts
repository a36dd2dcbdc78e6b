import { z } from "@medusajs/framework/zod"

export const AdminKhqrDiagnose = z.strictObject({
  /** From the payer's receipt: the first 8 or all 64 hex characters. */
  hash: z
    .string()
    .trim()
    .regex(
      /^([0-9a-fA-F]{8}|[0-9a-fA-F]{64})$/,
      "hash must be the 8 or the 64 hex characters that a receipt shows"
    )
    .optional(),
})

export type AdminKhqrDiagnose = z.infer<typeof AdminKhqrDiagnose>
