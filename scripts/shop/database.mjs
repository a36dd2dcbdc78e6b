import { connect } from "node:net"
import { DatabaseInUseError, startDatabase } from "../database.mjs"
import { ShopError } from "./faults.mjs"

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
    throw new ShopError(
      `No PostgreSQL answers at ${host}:${port} (${fault}): mend DATABASE_URL, or unset it to use the embedded one`
    )
  }
}

/** An empty one. Several of a name may run at once. */
export async function startFreeDatabase(name) {
  for (let number = 1; ; number++) {
    try {
      return await startDatabase({
        name: number === 1 ? name : `${name}-${number}`,
        temporary: true,
      })
    } catch (error) {
      if (!(error instanceof DatabaseInUseError)) {
        throw error
      }
    }
  }
}

/** @returns {Promise<import("knex").Knex>} */
export async function connectTo({ url }) {
  const { default: framework } = await import("@medusajs/framework/utils")
  return framework.ModulesSdkUtils.createPgConnection({
    clientUrl: url,
    driverOptions: { ssl: false, connection: { ssl: false } },
    pool: { min: 0, max: 4 },
  })
}
