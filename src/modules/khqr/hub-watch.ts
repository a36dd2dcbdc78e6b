import type { WatchNote } from "./hub-rows"

/** A reconnect, or another page of the shop, is no end of looking. */
export const GRACE_MS = 3_000

const RETRY_MS = 2_000

/** A row that is locked each time is somebody's business, and most likely paid by now. */
const MOST_TRIES = 4

type Watched = {
  /** Pages that show it and are looked at. */
  lookers: number
  /** What the table says, as far as we wrote it. */
  noted: boolean
  /** When somebody last began to look at it. */
  began: number
  /** Since when it is, or is not, looked at. */
  since: number
  tries: number
}

/** Which charges this process's shoppers look at, and what of it the table has to be told. Pure. */
export class WatchBook {
  protected readonly charges_ = new Map<string, Watched>()
  /** When each note is to be written, epoch ms. */
  protected readonly due_ = new Map<string, number>()
  /** The earliest of them; `undefined`: to be looked up. */
  protected earliest_: number | null | undefined = null

  get isEmpty(): boolean {
    return this.charges_.size === 0
  }

  look(id: string, now: number): void {
    const charge = this.charges_.get(id)
    if (!charge) {
      this.charges_.set(id, {
        lookers: 1,
        noted: false,
        began: now,
        since: now,
        tries: 0,
      })
      this.write_(id, now)
      return
    }
    charge.lookers += 1
    if (charge.lookers > 1) {
      return
    }
    if (charge.noted) {
      this.unwrite_(id)
    } else {
      Object.assign(charge, { began: now, since: now, tries: 0 })
      this.write_(id, now)
    }
  }

  leave(id: string, now: number): void {
    const charge = this.charges_.get(id)
    if (!charge) {
      return
    }
    charge.lookers -= 1
    if (charge.lookers === 0) {
      Object.assign(charge, { since: now, tries: 0 })
      this.write_(id, now + GRACE_MS)
    }
  }

  /** By the table, nobody looks at it: another process's last shopper went, or the row was locked. */
  correct(id: string, now: number): void {
    const charge = this.charges_.get(id)
    if (charge && charge.lookers > 0 && !this.due_.has(id)) {
      Object.assign(charge, { noted: false, began: now, since: now, tries: 0 })
      this.write_(id, now)
    }
  }

  /** It is paid: who looks at it does not matter any more. */
  forget(id: string): void {
    this.charges_.delete(id)
    this.unwrite_(id)
  }

  /** Since when a note waits to be written, epoch ms; it may be in the future. */
  get dueSince(): number | null {
    if (this.earliest_ === undefined) {
      this.earliest_ = null
      for (const at of this.due_.values()) {
        this.earliest_ = Math.min(at, this.earliest_ ?? at)
      }
    }
    return this.earliest_
  }

  /** What is to be written by `now`, at most so many. */
  notes(now: number, most: number): WatchNote[] {
    const notes: WatchNote[] = []
    for (const [id, at] of this.due_) {
      if (at > now || notes.length >= most) {
        continue
      }
      const { lookers, noted, since, began } = this.charges_.get(id)!
      const watched = lookers > 0
      notes.push({
        id,
        at: new Date(since),
        watched,
        // The shopper is in the bank's app by now, most likely: the plan is to know that somebody looked.
        began: watched || noted ? null : new Date(began),
      })
    }
    return notes
  }

  /** For the end of this process: nobody looks any more. */
  lastNotes(now: number): WatchNote[] {
    return [...this.charges_].map(([id, { noted, began }]) => ({
      id,
      at: new Date(now),
      watched: false,
      began: noted ? null : new Date(began),
    }))
  }

  /** @param ids those of the notes that the table now knows of */
  written(notes: WatchNote[], ids: string[], now: number): void {
    const done = new Set(ids)
    for (const { id, watched } of notes) {
      const charge = this.charges_.get(id)
      if (!charge) {
        continue
      }
      if (!done.has(id)) {
        this.retry_(id, charge, now)
        continue
      }
      charge.noted = watched
      const isLooked = charge.lookers > 0
      if (isLooked === watched) {
        this.unwrite_(id)
      }
      if (!isLooked && !watched) {
        this.forget(id)
      }
    }
  }

  protected write_(id: string, at: number): void {
    this.unwrite_(id)
    this.due_.set(id, at)
    if (this.earliest_ !== undefined) {
      this.earliest_ = Math.min(at, this.earliest_ ?? at)
    }
  }

  protected unwrite_(id: string): void {
    if (this.due_.get(id) === this.earliest_) {
      this.earliest_ = undefined
    }
    this.due_.delete(id)
  }

  protected retry_(id: string, charge: Watched, now: number): void {
    charge.tries += 1
    if (charge.tries < MOST_TRIES) {
      this.write_(id, Math.max(this.due_.get(id) ?? now, now + RETRY_MS))
    } else if (charge.lookers > 0) {
      this.unwrite_(id)
    } else {
      this.forget(id)
    }
  }
}
