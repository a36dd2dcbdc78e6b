import {
  about,
  examine,
  findConfigFile,
  hasFailure,
  hiderOf,
  loadConfig,
  presentReport,
  quietLogger,
  type Report,
} from "../../doctor"
import { type Command, readArguments, UsageError } from "../command"

/** `khqr doctor`: what a payment needs, each with its mend. */
export const doctor: Command = {
  summary: "look at everything a payment needs, and say the mend",
  help: `Usage: khqr doctor [--config .] [--json] [--no-questions]

Looks at the shop's options, database and regions, and asks Bakong at most 3
questions about the token, the receiver and the quota. Changes nothing of the
shop's; a token that is due may be renewed, and what the bank answers is
remembered. Run it in the shop's folder; the shop need not be running, nor be
able to.

Options:
  --config <path>  the shop's folder, or its medusa-config (default .)
  --no-questions   do not ask Bakong
  --json           print { findings, questions, asked } instead of lines

Exit code: 0 nothing failed, 1 something did, 2 there is no medusa-config.`,
  run: async (args) => {
    const { options, flags } = readArguments(args, {
      names: ["config"],
      flags: ["json", "no-questions"],
      words: [],
    })
    const report = await examineFile(
      requireConfigFile(options.config),
      !flags["no-questions"]
    )
    console.log(flags.json ? JSON.stringify(report, null, 2) : present(report))
    return hasFailure(report.findings) ? 1 : 0
  },
}

/** @throws {UsageError} */
export const requireConfigFile = (place = "."): string => {
  const file = findConfigFile(place)
  if (file === null) {
    throw new UsageError(
      `there is no medusa-config.ts or medusa-config.js in ${place}: run it in the shop's folder, or name that with --config`
    )
  }
  return file
}

const examineFile = async (file: string, ask: boolean): Promise<Report> => {
  const loaded = await loadConfig(file)
  if ("error" in loaded) {
    return {
      findings: [unreadable(loaded.error)],
      questions: 0,
      asked: "Bakong",
    }
  }
  return examine({ config: loaded.config, ask, logger: quietLogger })
}

/** What the configuration holds is not known when it cannot be loaded. */
const hideSecrets = hiderOf(undefined)

const unreadable = ({ message }: Error) =>
  about("configuration").failure(
    `medusa-config cannot be loaded: ${hideSecrets(message)}`,
    "mend it: Medusa cannot start with it either"
  )

const present = (report: Report): string =>
  presentReport(report, {
    width: screenWidth(),
    colours: Boolean(process.stdout.isTTY) && !process.env.NO_COLOR,
  })

export const screenWidth = (): number =>
  Math.min(process.stdout.columns ?? 100, 100)
