import { model } from "@medusajs/framework/utils"

/** A refund of Medusa's that our provider let pass, because money of that much was on record as sent. */
const KhqrRefundBooking = model
  .define("khqr_refund_booking", {
    /** Medusa's `refund.id`. */
    id: model.text().primaryKey(),
    charge_id: model.text(),
    /** What Medusa booked, an exact decimal in its units. */
    amount: model.text(),
  })
  .indexes([{ on: ["charge_id"] }])

export default KhqrRefundBooking
