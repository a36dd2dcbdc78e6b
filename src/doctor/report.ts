import type { Report } from "./examine"
import { LEVELS, type Finding, type Level } from "./finding"
import { breakLines } from "./lines"

export type Look = {
  /** Characters in a line. */
  width: number
  colours: boolean
}

const LEVEL_WIDTH = Math.max(...LEVELS.map(({ length }) => length))

/** SGR codes of a terminal. */
const COLOURS: Record<Level, string> = {
  ok: "32",
  warning: "33",
  failure: "31",
  skipped: "2",
}

/** One line for each finding, broken where the screen ends, and a summary. */
export function presentReport(
  { findings, questions, asked }: Report,
  look: Look
): string {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length))
  return [
    ...findings.map((finding) => presentFinding(finding, nameWidth, look)),
    "",
    `${summarise(findings)}. ${countQuestions(questions, asked)}.`,
  ].join("\n")
}

function presentFinding(
  { level, name, says, mend }: Finding,
  nameWidth: number,
  { width, colours }: Look
): string {
  const margin = LEVEL_WIDTH + nameWidth + 4
  const text = mend ? `${says} — ${mend}` : says
  const [first, ...rest] = breakLines(text, width - margin)
  const shown = level.padEnd(LEVEL_WIDTH)
  const painted = colours ? `\u001b[${COLOURS[level]}m${shown}\u001b[0m` : shown
  return [
    `${painted}  ${name.padEnd(nameWidth)}  ${first}`,
    ...rest.map((line) => " ".repeat(margin) + line),
  ].join("\n")
}

function summarise(findings: Finding[]): string {
  const count = (level: Level) =>
    findings.filter((finding) => finding.level === level).length
  return [
    `${count("ok")} ok`,
    plural(count("warning"), "warning"),
    plural(count("failure"), "failure"),
    ...(count("skipped") > 0 ? [`${count("skipped")} skipped`] : []),
  ].join(", ")
}

function countQuestions(questions: number, asked: Report["asked"]): string {
  return questions === 0
    ? `Asked ${asked} nothing`
    : `Asked ${asked} ${plural(questions, "time")}`
}

const plural = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? "" : "s"}`
