import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import ts from "typescript"

const DOC = resolve("docs/failures.md")
const FAILURES = resolve("integration-tests/http/failures")

const HEADINGS = [
  "The network and the bank",
  "The quota and the token",
  "What the bank says",
  "Money",
  "Time",
  "Carts and sessions",
  "Processes and the database",
  "Access",
  "Refunds",
  "Receipts and confirmations",
  "Modes",
]

const doc = readFileSync(DOC, "utf8")

type Link = { text: string; file: string }
type Row = { cells: string[]; links: Link[] }

const definitions = new Map(
  [...doc.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, name, target]) => [
    name,
    target,
  ])
)

/** `[title](file)`, or `[title][name]` with the file at the end. */
const linksOf = (cell: string): Link[] =>
  [...cell.matchAll(/\[([^\]]+)\](?:\(([^)]+)\)|\[([^\]]+)\])/g)].map(
    ([, text, target, name]) => ({
      text: text.replaceAll("`", ""),
      file: resolve(
        dirname(DOC),
        target ?? definitions.get(name) ?? `nowhere, as ${name}`
      ),
    })
  )

const rows: Row[] = doc
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| what goes"))
  .map((line) => {
    const cells = line.slice(2, -2).split(" | ")
    return { cells, links: linksOf(cells.at(-1) ?? "") }
  })

const known = new Map<string, string[]>()

/** The titles of a file's tests as they stand in it, with the `$words` of a table. */
function titlesIn(file: string): string[] {
  const titles = known.get(file) ?? readTitles(file)
  known.set(file, titles)
  return titles
}

function readTitles(file: string): string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest
  )
  const titles: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments
      if (title && ts.isStringLiteralLike(title)) {
        titles.push(title.text)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return titles
}

/** `it`, or what `it.each(…)` returns. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) {
    return callee.text === "it"
  }
  return (
    ts.isCallExpression(callee) &&
    ts.isPropertyAccessExpression(callee.expression) &&
    ts.isIdentifier(callee.expression.expression) &&
    callee.expression.expression.text === "it"
  )
}

/** Whether `text` names the test: its title, the beginning of it, or the title of one of its cases. */
function names(text: string, title: string, file: string): boolean {
  const isBeginning = text.length >= 20 && title.startsWith(text)
  if (text === title || isBeginning) {
    return true
  }
  const words = title
    .split(/(\$\w+|%[sdp])/)
    .map((part, at) =>
      at % 2 ? "(.+)" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    )
  const values = new RegExp(`^${words.join("")}$`).exec(text)?.slice(1)
  const source = values ? withNeighbours(file) : ""
  return values?.every((value) => source.includes(value)) ?? false
}

/** A spec, and the tables beside it that it imports. */
function withNeighbours(file: string): string {
  const source = readFileSync(file, "utf8")
  const neighbours = [...source.matchAll(/from "(\.\/[\w-]+)"/g)]
  return [
    source,
    ...neighbours.map(([, name]) =>
      readFileSync(resolve(dirname(file), `${name}.ts`), "utf8")
    ),
  ].join("\n")
}

function faultOf({ text, file }: Link): string[] {
  const place = relative(process.cwd(), file)
  if (!existsSync(file)) {
    return [`${text}: there is no ${place}`]
  }
  return titlesIn(file).some((title) => names(text, title, file))
    ? []
    : [`${place} has no "${text}"`]
}

describe("docs/failures.md", () => {
  it("has its headings, in their order", () => {
    expect([...doc.matchAll(/^## (.+)$/gm)].map(([, name]) => name)).toEqual(
      HEADINGS
    )
  })

  it("says of each failure what must hold, and names a test", () => {
    expect(
      rows.filter(({ cells, links }) => cells.length !== 3 || !links.length)
    ).toEqual([])
  })

  it("names tests that are there", () => {
    expect(rows.flatMap(({ links }) => links.flatMap(faultOf))).toEqual([])
  })

  it("tells each failure once", () => {
    const told = rows.map(({ cells: [what] }) => what)
    expect(told.filter((what, at) => told.indexOf(what) !== at)).toEqual([])
  })

  it("has a row for each test of integration-tests/http/failures", () => {
    const links = rows.flatMap((row) => row.links)
    const untold = readdirSync(FAILURES)
      .filter((name) => name.endsWith(".spec.ts"))
      .map((name) => join(FAILURES, name))
      .flatMap((file) =>
        titlesIn(file)
          .filter(
            (title) =>
              !links.some(
                (link) => link.file === file && names(link.text, title, file)
              )
          )
          .map((title) => `${relative(process.cwd(), file)}: ${title}`)
      )
    expect(untold).toEqual([])
  })
})
