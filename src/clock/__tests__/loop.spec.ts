import { Loop } from "../loop"

/** A loop whose work ends when it is told to. */
function open() {
  const errors: string[] = []
  const ends: ((error?: Error) => void)[] = []
  let begun = 0
  const loop = new Loop(
    () => {
      begun += 1
      return new Promise((resolve, reject) =>
        ends.push((error) => (error ? reject(error) : resolve()))
      )
    },
    ({ message }) => errors.push(message)
  )
  return {
    loop,
    errors,
    begun: () => begun,
    end: async (error?: Error) => {
      ends.shift()!(error)
      await new Promise((next) => setImmediate(next))
    },
  }
}

describe("A loop", () => {
  it("does its work once for each call that finds it at rest", async () => {
    const { loop, begun, end } = open()
    expect(loop.running).toBeNull()
    loop.run()
    expect(begun()).toBe(1)
    await end()
    expect(loop.running).toBeNull()
    loop.run()
    expect(begun()).toBe(2)
  })

  it("never overlaps itself, and goes on once more for all who called meanwhile", async () => {
    const { loop, begun, end } = open()
    loop.run()
    loop.run()
    loop.run()
    expect(begun()).toBe(1)
    await end()
    expect(begun()).toBe(2)
    await end()
    expect(begun()).toBe(2)
    expect(loop.running).toBeNull()
  })

  it("tells what went wrong and goes on", async () => {
    const { loop, begun, end, errors } = open()
    loop.run()
    loop.run()
    await end(new Error("The database is away"))
    expect(errors).toEqual(["The database is away"])
    expect(begun()).toBe(2)
  })

  it("begins nothing once it is stopped, and lets what is under way end", async () => {
    const { loop, begun, end } = open()
    loop.run()
    loop.run()
    loop.stop()
    await end()
    loop.run()
    expect(begun()).toBe(1)
    expect(loop.running).toBeNull()
    expect(loop.isStopped).toBe(true)
  })

  it("is running until the last of it has ended", async () => {
    const { loop, end } = open()
    loop.run()
    loop.run()
    let ended = false
    void loop.running!.then(() => (ended = true))
    await end()
    expect(ended).toBe(false)
    await end()
    expect(ended).toBe(true)
  })
})
