/**
 * Does a step and tells how long it took.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} step
 * @param {(result: T) => string} [tell] what came out of it
 * @returns {Promise<T>}
 */
export async function timed(name, step, tell = () => "") {
  const start = performance.now()
  const result = await step()
  const milliseconds = Math.round(performance.now() - start)
  console.log(
    `  ${String(milliseconds).padStart(6)} ms  ${name.padEnd(20)}  ${tell(result)}`.trimEnd()
  )
  return result
}
