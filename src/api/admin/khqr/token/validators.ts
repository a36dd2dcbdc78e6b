import { z } from "@medusajs/framework/zod"

const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(most, `must be at most ${most} characters long`)

/** Of a value that is no text Medusa's own message, which is logged, tells the value. */
const secret = <T extends z.ZodType<string, string>>(name: string, schema: T) =>
  z
    .custom<string>(
      (value) => typeof value === "string",
      `${name} must be a text`
    )
    .pipe(schema)

export const AdminKhqrPasteToken = z.strictObject({
  /** As it was copied; `Bearer`, quotes and blanks are dropped. */
  token: secret("token", text(16_384)),
})

export type AdminKhqrPasteToken = z.infer<typeof AdminKhqrPasteToken>

/** Lengths are Bakong's own limits. */
export const AdminKhqrRegisterToken = z.strictObject({
  email: secret(
    "email",
    text(30).regex(/^[^@\s]+@[^@\s]+$/, "email must be an e-mail address")
  ),
  organization: text(100),
  project: text(100),
})

export type AdminKhqrRegisterToken = z.infer<typeof AdminKhqrRegisterToken>

export const AdminKhqrVerifyToken = z.strictObject({
  /** From Bakong's e-mail. */
  code: secret(
    "code",
    // Medusa words a wrong length by itself, and says the same of each field.
    z
      .string()
      .trim()
      .refine((code) => code.length === 20, "The code has 20 characters")
  ),
})

export type AdminKhqrVerifyToken = z.infer<typeof AdminKhqrVerifyToken>
