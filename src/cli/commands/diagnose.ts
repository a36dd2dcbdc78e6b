import {
  diagnoseByName,
  hiderOf,
  isSettled,
  loadConfig,
  presentDiagnosis,
} from "../../doctor"
import { type Command, readArguments, UsageError } from "../command"
import { requireConfigFile, screenWidth } from "./doctor"

/** `khqr diagnose`: one charge, as the bank and as the ledger see it. */
export const diagnose: Command = {
  summary: "ask the bank about one charge, in every way there is",
  help: `Usage: khqr diagnose <charge> [--hash <receipt>] [--config .] [--json]

Asks about a charge by md5 and, where known, by the full and the short hash of
the transfer, and lays the answers beside what the ledger believes. Costs up to
3 questions and changes nothing; a payment that the ledger missed is recorded by
POST /admin/khqr/charges/<id>/check.

  <charge>         its id, its reference (the bill number) or its md5

Options:
  --hash <receipt> the 8 or 64 characters from the payer's receipt
  --config <path>  the shop's folder, or its medusa-config (default .)
  --json           print everything that was answered

Exit code: 0 bank and ledger agree and nothing waits for a person, 1 otherwise,
also when the bank could not be asked, 2 it was called wrongly.`,
  run: async (args) => {
    const { options, flags, words } = readArguments(args, {
      names: ["hash", "config"],
      flags: ["json"],
      words: ["<charge>"],
    })
    const hash = options.hash && readHash(options.hash)
    const loaded = await loadConfig(requireConfigFile(options.config))
    if ("error" in loaded) {
      throw new Error(
        hiderOf(undefined)(
          `medusa-config cannot be loaded: ${loaded.error.message}`
        )
      )
    }
    const { diagnosis, server } = await diagnoseByName(
      loaded.config,
      words[0],
      hash
    )
    console.log(
      flags.json
        ? JSON.stringify(diagnosis, null, 2)
        : presentDiagnosis(diagnosis, server, {
            width: screenWidth(),
            now: new Date(),
          })
    )
    return isSettled(diagnosis) ? 0 : 1
  },
}

const readHash = (text: string): string => {
  if (!/^([0-9a-f]{8}|[0-9a-f]{64})$/i.test(text)) {
    throw new UsageError(
      "--hash must be the 8 or the 64 hex characters that a receipt shows"
    )
  }
  return text
}
