import { createHash } from "node:crypto"

/**
 * The hash by which Bakong finds a payment: md5 over the exact UTF-8 string, in
 * 32 lower-case hex digits. Keep it beside the string; a rebuilt string is another one.
 */
export function khqrMd5(qr: string): string {
  return createHash("md5").update(qr, "utf8").digest("hex")
}
