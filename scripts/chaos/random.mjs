/** The same numbers for the same seed (mulberry32). */
export class Random {
  constructor(seed) {
    this.state = seed >>> 0
  }

  /** From 0 to less than 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = this.state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  between(low, high) {
    return low + this.next() * (high - low)
  }

  chance(probability) {
    return this.next() < probability
  }

  pick(values) {
    return values[Math.floor(this.next() * values.length)]
  }

  /** @param {Record<string, number>} weights */
  weighted(weights) {
    const entries = Object.entries(weights)
    let left =
      this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) {
        return name
      }
    }
    return entries[0][0]
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
