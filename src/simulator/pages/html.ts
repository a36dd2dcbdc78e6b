/** Markup that may be shown as it is. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | Html[] | string | number | false | null | undefined

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** A template in which everything that is not `Html` is escaped. */
export const html = (texts: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(
    texts.reduce((sum, text, index) => sum + write(parts[index - 1]) + text)
  )

const write = (part: Part): string => {
  if (part === null || part === undefined || part === false) {
    return ""
  }
  if (part instanceof Html) {
    return part.text
  }
  if (Array.isArray(part)) {
    return part.map(write).join("")
  }
  return String(part).replace(/[&<>"']/g, (character) => ENTITIES[character])
}
