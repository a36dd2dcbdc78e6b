type Child = Node | string | null

/** Builds an element. Text goes in as text: a hostile name cannot become markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value)
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/** Parses SVG without `innerHTML`, which a shop's Trusted Types may forbid. */
export function svg(markup: string): Element {
  return document.importNode(
    new DOMParser().parseFromString(markup, "image/svg+xml").documentElement,
    true
  )
}
