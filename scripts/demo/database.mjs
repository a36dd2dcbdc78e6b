import { connect } from "node:net"
import { DemoError } from "./faults.mjs"

const LONGEST_WAIT = 5_000

/** Medusa would try for minutes to reach a `DATABASE_URL` where nobody is. */
export async function checkReachable({ host, port }) {
  const socket = connect({ host, port, timeout: LONGEST_WAIT })
  const fault = await new Promise((resolve) => {
    socket.once("connect", () => resolve(undefined))
    socket.once("timeout", () => resolve("no answer"))
    socket.once("error", ({ code, message }) => resolve(message || code))
  })
  socket.destroy()
  if (fault) {
    throw new DemoError(
      `No PostgreSQL answers at ${host}:${port} (${fault}): mend DATABASE_URL, or unset it to use the embedded one`
    )
  }
}
