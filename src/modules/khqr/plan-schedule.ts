import type { PaymentTimes } from "./plan-payments"

/** What is believed of a kind of charges, before anything is seen of one. */
export type Belief = {
  /** Share of the shoppers who pay. */
  pays: number
  /** Of those, the share of whose payment no signal will tell. */
  silent: number
}

/**
 * When to ask about one charge of which no signal comes, so that waiting and
 * questions together cost the least, if a question costs as much as `price`
 * seconds of a paid shopper's waiting. The charge's closing question is asked in any case.
 *
 * Exact for its grid of ages: the best next question after one at age `a` depends
 * on nothing that was asked before it, so the best schedule is found backwards from
 * the closing (dynamic programming; the problem is that of optimal inspection,
 * Barlow, Hunter and Proschan 1963).
 */
export class Schedule {
  protected readonly grid_: Grid
  /** By the index of the age of the last question: the index of the next. */
  protected readonly next_: Uint16Array
  /** Questions still to be asked then, per charge that was issued. */
  protected readonly questions_: Float64Array

  constructor(
    grid: Grid,
    protected readonly belief_: Belief,
    price: number
  ) {
    const { ages, paid, waited } = grid
    const { silent, pays } = belief_
    const last = ages.length - 1
    this.grid_ = grid
    this.next_ = new Uint16Array(last + 1)
    this.questions_ = new Float64Array(last + 1)
    const costs = new Float64Array(last + 1)
    const unseen = pays * silent
    for (let from = last - 1; from >= 0; from--) {
      let least = Infinity
      let best = last
      for (let to = from + 1; to <= last; to++) {
        const asked = 1 - pays * paid[to] + unseen * (paid[to] - paid[from])
        const waiting =
          waited[to] - waited[from] - paid[from] * (ages[to] - ages[from])
        const cost = price * asked + unseen * waiting + costs[to]
        if (cost < least) {
          least = cost
          best = to
        }
      }
      costs[from] = least
      this.next_[from] = best
      this.questions_[from] = this.asked_(from, best) + this.questions_[best]
    }
  }

  /** @param asked age at the last question, 0 for none, in seconds. @returns age at the next one, at most the closing's */
  nextAfter(asked: number): number {
    const { ages } = this.grid_
    return ages[this.next_[this.grid_.indexOf(asked)] || ages.length - 1]
  }

  /** Questions that one charge will still cost, its closing or finding one among them, if no signal comes. */
  questionsAfter(asked: number): number {
    const at = this.grid_.indexOf(asked)
    return this.questions_[at] / this.left_(at)
  }

  /** The chance that it is paid at this age, although nothing tells so, if it was last asked about at `asked`. */
  chance(asked: number, age: number): number {
    const { paid } = this.grid_
    const [from, to] = [this.grid_.indexOf(asked), this.grid_.indexOf(age)]
    const { pays, silent } = this.belief_
    return (pays * silent * (paid[to] - paid[from])) / this.asked_(from, to)
  }

  /** Charges that are there to be asked about at `to`, if the last question was at `from`, of one that was issued. */
  protected asked_(from: number, to: number): number {
    const { paid } = this.grid_
    const { pays, silent } = this.belief_
    return (
      1 - pays + pays * (1 - paid[to]) + pays * silent * (paid[to] - paid[from])
    )
  }

  protected left_(at: number): number {
    return this.asked_(at, at)
  }
}

/** Ages at which a charge may be asked about, up to its closing, and how payments lie among them. */
export class Grid {
  readonly ages: Float64Array
  /** Of the shoppers who pay, the share that has paid by each age. */
  readonly paid: Float64Array
  /** The integral of `paid`, in seconds. */
  readonly waited: Float64Array

  constructor(times: PaymentTimes, closesAt: number) {
    this.ages = agesUpTo(closesAt)
    this.paid = this.ages.map((age) => times.paidBy(age))
    this.waited = new Float64Array(this.ages.length)
    for (let at = 1; at < this.ages.length; at++) {
      const mean = (this.paid[at] + this.paid[at - 1]) / 2
      this.waited[at] =
        this.waited[at - 1] + mean * (this.ages[at] - this.ages[at - 1])
    }
  }

  /** Of the last age that is not after this one. */
  indexOf(age: number): number {
    let [low, high] = [0, this.ages.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.ages[middle] <= age) {
        low = middle
      } else {
        high = middle - 1
      }
    }
    return low
  }
}

/** Every two seconds at first, then in steps of a sixteenth of the age. */
function agesUpTo(closesAt: number): Float64Array {
  const ages = [0]
  for (
    let age = 2;
    age < closesAt - 1;
    age += Math.max(2, Math.round(age / 16))
  ) {
    ages.push(age)
  }
  return Float64Array.from([...ages, closesAt])
}
