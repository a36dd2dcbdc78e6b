/** Sent to the bank as `User-Agent: medusa-payment-khqr/<version>`; a test keeps it equal to package.json. */
export const VERSION = "0.1.0"
