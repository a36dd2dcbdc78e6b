import { KhqrDesk } from "./desk"

/** Money that goes back: owed, sent by hand or by a reverse KHQR, and what Medusa may book of it. */
export class KhqrRefundDesk extends KhqrDesk {}
