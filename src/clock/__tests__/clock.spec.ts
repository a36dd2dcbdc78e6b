import { Clock } from "../clock"

it("has stopped once what was under way has come to its end", async () => {
  let looks = 0
  let end: (() => void) | undefined
  const due = {
    checks: false,
    settlements: false,
    refundChecks: false,
    refundBookings: false,
    nextCheckAt: null,
  }
  const hasDueWork = () => {
    looks += 1
    return new Promise((found) => (end = () => found(due)))
  }
  const clock = new Clock({ resolve: () => ({ hasDueWork }) } as never)
  clock.wake()
  let isStopped = false
  const stopped = clock.stop().then(() => (isStopped = true))
  await new Promise((next) => setImmediate(next))
  expect(isStopped).toBe(false)

  end!()
  await stopped
  clock.wake()
  expect(looks).toBe(1)
})
