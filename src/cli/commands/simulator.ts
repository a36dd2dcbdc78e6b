import { once } from "node:events"
import { type Simulator, startSimulator } from "../../simulator"
import { type Command, readOptions, UsageError } from "../command"

const DEFAULT_PORT = "9100"

/** `khqr simulator`: a Bakong on this machine until Ctrl+C. */
export const simulator: Command = {
  summary: "run a Bakong on this machine, without real money",
  help: `Usage: khqr simulator [--port 9100] [--host 127.0.0.1]

Runs a Bakong on this machine, without real money, until Ctrl+C.

Options:
  --port <number>  port to listen on, 0 for any free one (default ${DEFAULT_PORT})
  --host <name>    address to listen on (default 127.0.0.1)`,
  run: async (args) => {
    const { port = DEFAULT_PORT, host = "127.0.0.1" } = readOptions(args, [
      "port",
      "host",
    ])
    const running = await start(readPort(port), host)
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

const start = async (port: number, host: string): Promise<Simulator> => {
  try {
    return await startSimulator({ port, host })
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

const describe = ({ url, token }: Simulator): string =>
  `Bakong simulator, no real money. Ctrl+C stops it.

  Overview     ${url}/
  Payer page   ${url}/pay?qr=<KHQR>
  Control API  ${url}/_control/  (pay, fail, faults, tokens, reset;
               read transactions, requests, faults)

For the plugin:

  BAKONG_BASE_URL=${url}
  BAKONG_TOKEN=${token}
`
