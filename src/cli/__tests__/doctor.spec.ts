import { doctor } from "../commands/doctor"
import { diagnose } from "../commands/diagnose"
import { readArguments, UsageError } from "../command"

const usage = (message: string) => async (run: Promise<unknown>) => {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown
  )
  expect(error).toBeInstanceOf(UsageError)
  expect((error as Error).message).toContain(message)
}

describe("khqr doctor", () => {
  it.each([
    [["--questions"], "Unknown option '--questions'"],
    [["shop"], "Unexpected argument 'shop'"],
    [["--config", "/nowhere"], "there is no medusa-config.ts"],
  ])("refuses %j", async (args, message) => {
    await usage(message)(doctor.run(args))
  })

  it("says in its help what it changes after all", () => {
    expect(doctor.help.replace(/\s+/g, " ")).toContain(
      "Changes nothing of the shop's; a token that is due may be renewed, and what the bank answers is remembered."
    )
  })
})

describe("khqr diagnose", () => {
  it.each([
    [[], "<charge> is missing"],
    [["khqr_1", "khqr_2"], "Unexpected argument 'khqr_2'"],
    [["khqr_1", "--hash", "xyz"], "--hash must be the 8 or the 64 hex"],
    [["khqr_1", "--config", "/nowhere"], "there is no medusa-config.ts"],
  ])("refuses %j", async (args, message) => {
    await usage(message)(diagnose.run(args))
  })
})

describe("arguments", () => {
  it("are read into options, flags and words", () => {
    expect(
      readArguments(["--json", "khqr_1", "--config=shop"], {
        names: ["config", "hash"],
        flags: ["json", "verbose"],
        words: ["<charge>"],
      })
    ).toEqual({
      options: expect.objectContaining({ config: "shop" }),
      flags: { json: true, verbose: false },
      words: ["khqr_1"],
    })
  })
})
