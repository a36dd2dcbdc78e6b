/** What comes next: a binary heap by time, and by order of arrival where times are equal. */
export class Queue<T> {
  protected readonly items_: { at: number; order: number; what: T }[] = []
  protected order_ = 0

  get nextAt(): number {
    return this.items_.length === 0 ? Infinity : this.items_[0].at
  }

  push(at: number, what: T): void {
    const items = this.items_
    const item = { at, order: this.order_++, what }
    let place = items.length
    items.push(item)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(item, items[parent])) {
        break
      }
      items[place] = items[parent]
      place = parent
    }
    items[place] = item
  }

  pop(): { at: number; what: T } | undefined {
    const items = this.items_
    const first = items[0]
    const last = items.pop()
    if (items.length === 0 || last === undefined) {
      return first
    }
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      if (left >= items.length) {
        break
      }
      const right = left + 1
      const child =
        right < items.length && isBefore(items[right], items[left])
          ? right
          : left
      if (!isBefore(items[child], last)) {
        break
      }
      items[place] = items[child]
      place = child
    }
    items[place] = last
    return first
  }
}

function isBefore(
  a: { at: number; order: number },
  b: { at: number; order: number }
): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
