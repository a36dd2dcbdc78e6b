import { KhqrLedger } from "./ledger"

/** What persons do with charges: decide a review, confirm a payment by hand, bring a receipt. */
export class KhqrDesk extends KhqrLedger {}
