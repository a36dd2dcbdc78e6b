/**
 * A process that hears the bell and has nothing else to do: it ends when its own
 * connections are closed.
 */
import { ModulesSdkUtils } from "@medusajs/framework/utils"

import { Bell } from "../../../src/modules/khqr/bell"

const knex = ModulesSdkUtils.createPgConnection({
  clientUrl: process.env.DATABASE_URL,
  driverOptions: { ssl: false, connection: { ssl: false } },
} as never)
const bell = new Bell(knex as never, console as never)

bell.hear(() => {})
const wait = setInterval(async () => {
  if (bell.isListening) {
    clearInterval(wait)
    console.log("listening")
    await knex.destroy()
  }
}, 20)
