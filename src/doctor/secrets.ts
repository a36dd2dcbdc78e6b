import { hideSecrets } from "../modules/khqr/bank/tokens"

/** Options whose values are shown to nobody, whatever text they turn up in. */
const SECRET_OPTIONS = [
  ["bakong", "token"],
  ["bakong", "email"],
  ["bakong", "encryptionKey"],
  ["gateway", "key"],
] as const

/** Shorter ones are no secrets, and may be words of any sentence. */
const LEAST_LENGTH = 6

/** `//user:password@` of a database, a proxy, a Redis. */
const CREDENTIALS = /\/\/[^\s"'`<>]*@/g

/** Takes the options' secrets, every JWT and the credentials of every URL out of a text. */
export function hiderOf(rawOptions: unknown): (text: string) => string {
  const secrets = SECRET_OPTIONS.map((path) => valueAt(rawOptions, path))
    .filter((value): value is string => typeof value === "string")
    .map((value) => value.trim())
    .filter(({ length }) => length >= LEAST_LENGTH)
  return (text) =>
    hideSecrets(
      secrets
        .reduce((rest, secret) => rest.replaceAll(secret, "[hidden]"), text)
        .replace(CREDENTIALS, "//[hidden]@")
    )
}

/** The server and database of a connection string, without user and password. */
export function describeDatabase(url: string): string {
  if (!URL.canParse(url)) {
    return "the configured database"
  }
  const { host, pathname } = new URL(url)
  return `${decodeURIComponent(pathname.slice(1)) || "the database"} at ${host || "the local socket"}`
}

function valueAt(raw: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? (value as Record<string, unknown>)[key]
        : undefined,
    raw
  )
}
