export const REFUND_STATUSES = [
  /** Owed; nobody has begun to send it. */
  "due",
  /** Its reverse KHQR is shown, or may still turn out paid. */
  "pending",
  "sent",
  /** The bank found no transfer after the reverse KHQR's time; one that is found later still counts. */
  "expired",
  /** A person called it off before anything was sent. */
  "canceled",
] as const

export type RefundStatus = (typeof REFUND_STATUSES)[number]

export const REFUND_METHODS = ["by_hand", "reverse_khqr"] as const

export type RefundMethod = (typeof REFUND_METHODS)[number]

export const REFUND_REVIEW_REASONS = [
  /** More went back than had come. */
  "excess",
  /** What the bank shows for the reverse KHQR is not what it asked for. */
  "mismatch",
] as const

export type RefundReviewReason = (typeof REFUND_REVIEW_REASONS)[number]
