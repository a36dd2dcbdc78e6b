import { z } from "@medusajs/framework/zod"

import {
  KhqrError,
  toExactKhqrAmount,
  type KhqrCurrency,
} from "../../../../khqr"
import type { AnnouncedMoney } from "../../../../modules/khqr/announcements"

/** A time before it was meant in seconds. */
const YEAR_2001_MS = 1_000_000_000_000

const PAID_AT =
  "paid_at must be ISO 8601 with its offset, such as 2026-11-21T15:04:05+07:00, or ms since 1970"

const momentAsText = z.iso.datetime({ offset: true })

export const AdminKhqrSignal = z
  .strictObject({
    /** What came: an exact decimal, as text or as a number. */
    amount: z.union([z.string().trim(), z.number()]),
    currency_code: z
      .string()
      .trim()
      .toLowerCase()
      .pipe(z.enum(["usd", "khr"])),
    /** A charge's reference (the bill number) or id; any other is passed over. */
    reference: z
      .string()
      .trim()
      .min(1, "reference must not be empty: leave it out")
      .max(100)
      .optional(),
    /** When it was paid: ISO 8601 with its offset, or epoch ms. */
    paid_at: z
      .union([z.string(), z.number()])
      .transform((given, issues) => {
        const isMoment =
          typeof given === "number"
            ? given >= YEAR_2001_MS && !Number.isNaN(new Date(given).getTime())
            : momentAsText.safeParse(given).success
        if (!isMoment) {
          issues.addIssue({ code: "custom", message: PAID_AT })
          return z.NEVER
        }
        return new Date(given)
      })
      .optional(),
  })
  .transform(
    ({ amount, currency_code, reference, paid_at }, issues): AnnouncedMoney => {
      const currency = currency_code.toUpperCase() as KhqrCurrency
      try {
        return {
          khqr_amount: toExactKhqrAmount(String(amount), currency),
          currency_code,
          reference: reference ?? null,
          paid_at: paid_at ?? null,
        }
      } catch (error) {
        if (!(error instanceof KhqrError)) {
          throw error
        }
        issues.addIssue({
          code: "custom",
          path: ["amount"],
          message: error.message,
        })
        return z.NEVER
      }
    }
  )

export type AdminKhqrSignal = z.infer<typeof AdminKhqrSignal>
