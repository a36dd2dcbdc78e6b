/** At the head of a cell these make a spreadsheet calculate, and a payer chooses some of our texts. */
const STARTS_FORMULA = /^[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]/

/** Has to be quoted, by RFC 4180; blanks at the ends, too, which some readers drop. */
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/

export type CsvValue = string | number | Date | null

/** One line by RFC 4180, with its end. A text that would be a formula gets an apostrophe before it, as spreadsheets do themselves. */
export function csvLine(values: CsvValue[]): string {
  return `${values.map(csvCell).join(",")}\r\n`
}

function csvCell(value: CsvValue): string {
  if (value === null) {
    return ""
  }
  const text = value instanceof Date ? value.toISOString() : String(value)
  const safe = STARTS_FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
