export function median(values) {
  return quantile(values, 0.5)
}

/** Interpolates between the two nearest values. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)]
  return low + (sorted[Math.ceil(at)] - low) * (at % 1)
}

export function rounded(value, digits = 2) {
  return Number(value.toFixed(digits))
}

/** The pause before a next try: evenly spread, and the same in each run. */
export function spread(index, count, from, to) {
  // Steps of the golden ratio: neighbours in time are far apart in length.
  return from + (to - from) * ((((index % count) + 0.5) * 0.618034) % 1)
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
