import { once } from "node:events"
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../simulator"
import { type Command, readArguments, UsageError } from "../command"

const DEFAULT_PORT = "9100"

/** `khqr simulator`: a Bakong on this machine until Ctrl+C. */
export const simulator: Command = {
  summary: "run a Bakong on this machine, without real money",
  help: `Usage: khqr simulator [options]

Runs a Bakong on this machine, without real money, until Ctrl+C.

Options:
  --port <number>         port to listen on, 0 for any free one (default ${DEFAULT_PORT})
  --host <name>           address to listen on (default 127.0.0.1)
  --daily-limit <number>  calls a day before code 17 (default unlimited)
  --no-registration       /v1/request_token and /v1/verify answer 404`,
  run: async (args) => {
    const { options, flags } = readArguments(args, {
      names: ["port", "host", "daily-limit"],
      flags: ["no-registration"],
      words: [],
    })
    const { port = DEFAULT_PORT, host = "127.0.0.1" } = options
    const running = await start({
      port: readPort(port),
      host,
      dailyRequestLimit: readDailyLimit(options["daily-limit"]),
      registration: !flags["no-registration"],
    })
    console.log(describe(running))
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")])
    await running.close()
  },
}

const readPort = (text: string): number => {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not ${text}`)
  }
  return port
}

const readDailyLimit = (text: string | undefined): number | null => {
  if (text === undefined) {
    return null
  }
  if (!/^\d{1,9}$/.test(text)) {
    throw new UsageError(
      `--daily-limit must be a number such as 100, not ${text}`
    )
  }
  return Number(text)
}

const start = async (options: SimulatorOptions): Promise<Simulator> => {
  const { port, host } = options
  try {
    return await startSimulator(options)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EADDRINUSE") {
      throw new Error(`port ${port} is in use: choose another with --port`)
    }
    if (code === "EACCES") {
      throw new Error(`port ${port} needs more rights: choose one above 1023`)
    }
    if (code === "ENOTFOUND" || code === "EADDRNOTAVAIL") {
      throw new Error(`${host} is no address of this machine: mend --host`)
    }
    throw error
  }
}

const describe = ({ url, token, hosted, quota }: Simulator): string =>
  `Bakong simulator, no real money. Ctrl+C stops it.

  Overview     ${url}/
  Payer page   ${url}/pay?qr=<KHQR>
  Faults       ${url}/faults
  Mailbox      ${url}/mailbox
  Control API  ${url}/_control/  (pay, fail, faults, tokens, quota, quirks,
               clock, reset; read transactions, requests, mailbox)
  Calls a day  ${quota.dailyRequestLimit ?? "unlimited"}

For the plugin:

  BAKONG_BASE_URL=${url}
  BAKONG_TOKEN=${token}

Hosted gateway:

  base URL     ${hosted.url}
  merchant id  ${hosted.merchantId}
  key          ${hosted.key}
`
