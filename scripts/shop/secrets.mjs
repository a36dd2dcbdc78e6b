import { randomBytes } from "node:crypto"

/** @returns {{ jwt: string, cookie: string, bank: string, tokens: string }} */
export function randomSecrets() {
  const random = () => randomBytes(32).toString("base64url")
  return { jwt: random(), cookie: random(), bank: random(), tokens: random() }
}
