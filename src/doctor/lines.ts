/** At blanks; a longer word keeps its line to itself. */
export function breakLines(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else {
      lines.push(word)
    }
  }
  return lines
}

/** At blanks; a longer word goes on in the next line, so that none is wider. */
export function breakWords(text: string, width: number): string[] {
  return breakLines(text, width).flatMap(
    (line) => line.match(new RegExp(`.{1,${width}}`, "g")) ?? [line]
  )
}
