import { createHash, randomBytes } from "node:crypto"

/** Where hashes, codes and ids come from: chance, or a seed that repeats itself. */
export class SimulatedRandom {
  protected readonly seed_: string | number | undefined
  protected drawn_ = 0

  constructor(seed?: string | number) {
    this.seed_ = seed
  }

  /** @param size at most 32. */
  bytes(size: number): Buffer {
    if (this.seed_ === undefined) {
      return randomBytes(size)
    }
    this.drawn_ += 1
    return createHash("sha256")
      .update(`${this.seed_}:${this.drawn_}`)
      .digest()
      .subarray(0, size)
  }

  hex(size: number): string {
    return this.bytes(size).toString("hex")
  }

  /** A seed begins again. */
  reset(): void {
    this.drawn_ = 0
  }
}
