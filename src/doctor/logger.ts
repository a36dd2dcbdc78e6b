import type { Logger } from "@medusajs/framework/types"

const nothing = () => {}

/** What cannot be counted or written down goes to standard error; the findings tell the rest. */
export const quietLogger: Logger = {
  panic: nothing,
  shouldLog: () => false,
  setLogLevel: nothing,
  unsetLogLevel: nothing,
  activity: () => "",
  progress: nothing,
  failure: nothing,
  success: () => ({}),
  silly: nothing,
  debug: nothing,
  verbose: nothing,
  http: nothing,
  info: nothing,
  log: nothing,
  warn: (message) => console.error(message),
  error: (messageOrError) => console.error(String(messageOrError)),
}
