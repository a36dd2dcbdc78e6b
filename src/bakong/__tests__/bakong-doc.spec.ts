import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { openGate } from "../gate"
import { type Answer, saying, startBank } from "./bank"
import { luckyBank } from "./lucky-bank"
import {
  ANSWERS,
  ENDPOINTS,
  PLACES,
  STATUSES,
  TRACKINGS,
  WILD,
} from "./simulator-rows"
import { questions, wordOf } from "./simulator-world"

const DOCS = resolve("docs")
const ROWS = resolve(__dirname, "simulator-rows.spec.ts")
const doc = readFileSync(resolve(DOCS, "bakong.md"), "utf8")

type Link = { text: string; target: string }

const definitions = new Map(
  [...doc.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, name, target]) => [
    name,
    target,
  ])
)

/** Links into the project, of both forms; code is none. */
const linksOf = (markdown: string): Link[] =>
  [...markdown.matchAll(/\[([^\]]+)\](?:\(([^)]+)\)|\[([^\]]+)\])/g)]
    .map(([, text, target, name]) => ({
      text,
      target: target ?? definitions.get(name) ?? `nowhere, as ${name}`,
    }))
    .filter(({ target }) => !/^(https?:|#)/.test(target))

const prose = doc.replace(/^```.*?^```$/gms, "")
const fileOf = ({ target }: Link) => resolve(DOCS, target)

/** A file that is missing, or a test that no longer has this name. */
const faultOf = (link: Link): string[] => {
  const file = fileOf(link)
  if (!existsSync(file)) {
    return [`${link.text}: there is no ${link.target}`]
  }
  // Our own rows are named by data; see below.
  const isNamed =
    !file.endsWith(".spec.ts") ||
    file === ROWS ||
    readFileSync(file, "utf8").includes(`"${link.text}"`)
  return isNamed ? [] : [`${link.target} has no "${link.text}"`]
}

/** The rows of the tables, cell by cell, whose last cell is a test of ours. */
const tableRows = prose
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.slice(2, -2).split(" | "))
  .filter((cells) =>
    linksOf(cells.at(-1)!).some((link) => fileOf(link) === ROWS)
  )

const plain = (cell: string) => cell.replaceAll("`", "")

describe("docs/bakong.md", () => {
  it("links to nothing that is not there, neither files nor tests", () => {
    expect(linksOf(prose).flatMap(faultOf)).toEqual([])
  })

  it("has the rows of the tests, no more and no fewer, each linked by its own name", () => {
    const rows = [ENDPOINTS, ANSWERS, PLACES, STATUSES, TRACKINGS, WILD]
    const names = rows.flatMap((some: { name: string }[]) =>
      some.map(({ name }) => name)
    )
    expect(tableRows.map(([name]) => plain(name))).toEqual(names)
    expect(tableRows.map((cells) => linksOf(cells.at(-1)!))).toEqual(
      names.map((text) => [{ text, target: definitions.get("rows") }])
    )
  })

  it("says of each row what its test shows", () => {
    const told = new Map(
      tableRows.map((cells) => [plain(cells[0]), cells.slice(1).map(plain)])
    )
    for (const { name, auth } of ENDPOINTS) {
      expect([name, told.get(name)![0]]).toEqual([name, auth])
    }
    for (const { name, outcome, error, asking } of ANSWERS) {
      const kind = error?.split(":")[0] ?? "none"
      const cells = told.get(name)!.slice(0, 3)
      expect([name, ...cells]).toEqual([name, outcome, kind, asking])
    }
    for (const { name, outcome } of [...STATUSES, ...TRACKINGS]) {
      expect([name, told.get(name)![0]]).toEqual([name, outcome])
    }
  })
})

describe("The gateway that docs/bakong.md shows", () => {
  it("is the one that is tested here", () => {
    const source = readFileSync(resolve(__dirname, "lucky-bank.ts"), "utf8")
    expect(doc).toContain(
      `\`\`\`ts\n${source.replace("../../gateways", "medusa-payment-khqr/gateways")}\`\`\``
    )
  })

  const transfer = {
    id: "T-1",
    bill: "bill-0",
    receiver: "lucky_shop@devb",
    currency: "USD",
    amount: "12.50",
    time: "2026-11-21T10:00:00+07:00",
  }

  it.each<[string, Answer, string]>([
    ["a transfer", saying(200, { transfer }), "paid"],
    ["none", saying(200, { transfer: null }), "not_found"],
    [
      "another one",
      saying(200, { transfer: { ...transfer, bill: "bill-9" } }),
      "unknown:unrecognized",
    ],
    ["a web page", saying(200, "<html>"), "unknown:unreadable"],
    ["HTTP 500", saying(500, { transfer: null }), "unknown:unavailable"],
    ["no answer", (response) => void response.destroy(), "unknown:unavailable"],
  ])("reads %s", async (_, answer, word) => {
    const bank = await startBank(answer)
    try {
      const gateway = luckyBank({ url: bank.url, key: "lucky-key" })({
        gate: openGate(),
        logger: { warn: () => undefined, info: () => undefined },
      })
      const [result] = await gateway.check(questions(1), "check")
      expect(wordOf(result.outcome)).toBe(word)
      expect(result).toMatchObject({
        charge_id: "khqr_0",
        call: { sent: true },
      })
      const [{ request }] = bank.requests
      expect(request.url).toBe("/transfers/bill-0")
      expect(request.headers.authorization).toBe("Bearer lucky-key")
    } finally {
      await bank.close()
    }
  })
})
