import { z } from "@medusajs/framework/zod"

export const AdminKhqrSettings = z.strictObject({
  /** `false`: no new KHQR is issued. What was shown before is watched and settled as ever. */
  enabled: z.boolean(),
  /** For the shop's own people; at most 300 characters. */
  reason: z.string().trim().min(1).max(300).optional(),
})

export type AdminKhqrSettings = z.infer<typeof AdminKhqrSettings>
