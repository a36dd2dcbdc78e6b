import { MedusaError } from "@medusajs/framework/utils"

import {
  decodeKhqr,
  KhqrError,
  khqrMd5,
  sameAmount,
  type DecodedKhqr,
  type KhqrCurrency,
  type KhqrReceiver,
} from "../../khqr"

/** A KHQR that ends sooner cannot be scanned and paid any more. */
const LEAST_LEFT_MS = 30_000

/** The bank's limit. */
const MOST_LEFT_MS = 600_000

/** What a client's KHQR has to ask for. */
export type WantedFromClient = {
  receiver: KhqrReceiver
  currency: KhqrCurrency
  /** As KHQR writes it. */
  amount: string
}

/** What the ledger takes from a client's KHQR; whether it was seen before, the ledger alone knows. */
export type ClientKhqr = {
  qr: string
  md5: string
  reference: string
  expires_at: Date
}

/**
 * A KHQR that the storefront made. Whoever pays it must pay us, and exactly what the
 * session asks for, in time: nothing else of it is believed.
 *
 * @throws MedusaError INVALID_DATA that names `data.qr`, what differs, and both values
 */
export function readClientQr(
  sent: unknown,
  wanted: WantedFromClient,
  now: Date
): ClientKhqr {
  const qr = requireText(sent)
  const said = decode(qr)
  requireReceiver(said, wanted.receiver)
  requireMoney(said, wanted)
  return {
    qr,
    md5: khqrMd5(qr),
    reference: requireReference(said),
    expires_at: requireTime(said, now),
  }
}

/** A client's KHQR is made for one payment. */
export function seenBefore(): MedusaError {
  return refusal(
    "was used before: make a new one, with a bill number of its own"
  )
}

function requireText(sent: unknown): string {
  if (sent === undefined || sent === null || sent === "") {
    throw refusal(
      "is missing: in this shop the storefront makes the KHQR and sends it"
    )
  }
  if (typeof sent !== "string") {
    throw refusal("must be the KHQR as a string")
  }
  // Of anything else it is unsure what the bank hashes, and by its hash a payment is found.
  if (!/^[\x20-\x7e]*$/.test(sent)) {
    throw refusal("must be printable ASCII")
  }
  return sent
}

function decode(qr: string): DecodedKhqr {
  try {
    return decodeKhqr(qr)
  } catch (error) {
    if (error instanceof KhqrError) {
      throw refusal(`is no good KHQR: ${error.message}`)
    }
    throw error
  }
}

/**
 * All of the account or nothing: behind a bank's pooled account the account
 * information decides whose money it is, and a UnionPay number would be another way in.
 */
function requireReceiver(said: DecodedKhqr, ours: KhqrReceiver): void {
  const theirs: Record<string, unknown> = said.receiver
  const own: Record<string, unknown> = ours
  for (const [field, name] of RECEIVER_FIELDS) {
    if (theirs[field] !== own[field]) {
      throw refusal(
        `pays ${name} ${shown(theirs[field])}, and it has to be ${shown(own[field])}`
      )
    }
  }
  if (said.unionPayAccount !== undefined) {
    throw refusal(
      `names a UnionPay account, ${said.unionPayAccount}, and it has to be none`
    )
  }
}

const RECEIVER_FIELDS = [
  ["accountId", "the account"],
  ["type", "an account of type"],
  ["merchantId", "the merchant id"],
  ["accountInformation", "the account information"],
  ["acquiringBank", "the acquiring bank"],
] as const

function shown(value: unknown): string {
  return value === undefined ? "none" : String(value)
}

function requireMoney(said: DecodedKhqr, wanted: WantedFromClient): void {
  const asked = `${wanted.amount} ${wanted.currency}`
  if (said.pointOfInitiation !== "dynamic" || said.amount === undefined) {
    throw refusal(`asks for no amount, and it has to ask for ${asked}`)
  }
  if (
    said.currency !== wanted.currency ||
    !sameAmount(said.amount, wanted.amount)
  ) {
    throw refusal(
      `asks for ${said.amount} ${said.currency}, and it has to ask for ${asked}`
    )
  }
}

function requireReference({ billNumber }: DecodedKhqr): string {
  if (billNumber === undefined || billNumber.trim() !== billNumber) {
    throw refusal(
      "needs a bill number (tag 62.01) of 1 to 25 characters, without blanks around it"
    )
  }
  return billNumber
}

function requireTime({ expiresAt }: DecodedKhqr, now: Date): Date {
  if (expiresAt === undefined) {
    throw refusal("needs a time at which it ends (tag 99.01)")
  }
  const least = now.getTime() + LEAST_LEFT_MS
  const most = now.getTime() + MOST_LEFT_MS
  if (expiresAt <= least || expiresAt > most) {
    throw refusal(
      `ends at ${moment(expiresAt)}, and it has to end after ${moment(least)} and at ${moment(most)} at the latest, by the shop's clock`
    )
  }
  return new Date(expiresAt)
}

/** A KHQR may say any 13 digits. */
function moment(at: number): string {
  return new Date(at).toISOString()
}

function refusal(message: string): MedusaError {
  return new MedusaError(MedusaError.Types.INVALID_DATA, `data.qr ${message}.`)
}
