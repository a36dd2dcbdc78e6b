/** Numbers that are the same for the same seed, on every machine. */
export type Random = () => number

/** Mulberry32: 32 bits of state are plenty for some thousands of shoppers. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A generator of its own for part `index` of what `seed` stands for. */
export function branch(seed: number, index: number): Random {
  const mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ index
  return randomFrom(Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35))
}

export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random()
}

export function normal(random: Random): number {
  // 1 - x is never 0.
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return radius * Math.cos(2 * Math.PI * random())
}

export function lognormal(
  random: Random,
  median: number,
  sigma: number
): number {
  return median * Math.exp(sigma * normal(random))
}

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random())
}

export function poisson(random: Random, mean: number): number {
  // The number of arrivals of rate 1 before `mean`.
  let count = 0
  for (let at = exponential(random, 1); at < mean; count++) {
    at += exponential(random, 1)
  }
  return count
}
