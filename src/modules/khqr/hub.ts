import type { IncomingMessage, ServerResponse } from "node:http"
import type { Server } from "node:net"
import { setImmediate as breathe } from "node:timers/promises"

import type { Logger } from "@medusajs/framework/types"

import type { Bell } from "./bell"
import type { Database } from "./database"
import {
  readPages,
  readVersions,
  versionOf,
  writeWatch,
  type PageRow,
} from "./hub-rows"
import { Seats, type Seat } from "./hub-seats"
import { chargeEvent, EventStream } from "./hub-stream"
import { nextTurn, TURN_MS, type Taken, type Turn } from "./hub-turns"
import { WatchBook } from "./hub-watch"
import type { KhqrOptions } from "./options"
import { pageOf, turnPage, type Page } from "./page-view"
import type { ChargeView } from "./view"

/** A plain GET counts as looking for this long. */
const SEEN_MS = 15_000

/** The hub's own look at all pages, should a ring be lost. */
const LOOK_EACH_MS = 10_000

/** The same while no rings are heard. */
const DEAF_LOOK_EACH_MS = 1_000

const BEAT_MS = 1_000

/** Each stream hears from us once in so many beats. */
const HEARTBEAT_BEATS = 15

/** Pages in one statement: rows in full, their versions, notes. */
const ROWS_AT_ONCE = 5_000
const VERSIONS_AT_ONCE = 5_000
const NOTES_AT_ONCE = 5_000

/** Pages told in one go: what is written to a socket leaves when we pause. */
const TOLD_AT_ONCE = 100

/** While the database answers nothing. */
const PAUSE_MS = 2_000

/** A payment session that somebody looks at. */
type Followed = {
  session: string
  streams: Set<EventStream>
  /** Streams that are about to begin. */
  coming: number
  /** By a plain GET, epoch ms. */
  seenUntil: number
  /** The charge on the page, `null` before the first look. */
  chargeId: string | null
  isAwaited: boolean
  /** The charge that this page counts for in the watch book. */
  watches: string | null
  /** `null`: to be read in full at the next look. */
  version: string | null
  turnsAt: number | null
  /** Rings heard so far. */
  rings: number
}

/** A stream's place, before its first event. */
export type Entrance = {
  /** Answers the request with a stream, once; `view` was read after `enter`. */
  begin(req: IncomingMessage, res: ServerResponse, view: ChargeView): void
  /** Gives the place back: there is nothing to show. */
  leave(): void
}

/**
 * All open event streams of this process, and one pair of eyes for them: at most two
 * statements a second, however many pages are open. A ring says which pages to read;
 * a slow look at all of them finds what no ring told of. The rows are the truth.
 */
export class Hub {
  protected readonly followed_ = new Map<string, Followed>()
  protected readonly rung_ = new Set<string>()
  protected readonly watch_ = new WatchBook()
  protected readonly seats_ = new Seats()
  /** By the beat at which each stream hears from us. */
  protected readonly beats_ = Array.from(
    { length: HEARTBEAT_BEATS },
    () => new Set<EventStream>()
  )
  /** Streams whose readers have not taken everything yet. */
  protected readonly unsent_ = new Set<EventStream>()
  protected readonly servers_ = new Set<Server>()
  protected beat_ = 0
  protected beatTimer_: NodeJS.Timeout | undefined
  protected turnTimer_: NodeJS.Timeout | undefined
  /** The last turn first. */
  protected taken_: [Taken, Taken] = [
    { turn: "rung", at: 0 },
    { turn: "rung", at: 0 },
  ]
  protected rungSince_: number | null = null
  protected lookAt_: number | null = null
  protected toLook_: string[] = []
  protected wasListening_ = false
  protected isWorking_ = false
  protected isBlind_ = false
  protected isClosed_ = false
  protected unhear_: (() => void) | undefined

  constructor(
    protected readonly database_: Database,
    protected readonly bell_: Bell,
    protected readonly options_: Pick<KhqrOptions, "merchant" | "streams">,
    protected readonly logger_: Pick<Logger, "warn" | "info">
  ) {}

  /** Open streams of this process. */
  get streams(): number {
    return this.seats_.taken
  }

  /**
   * A place for a stream of a payment session, whose charge is to be read next.
   * @param address the reader's
   * @returns `null` when there are too many streams
   */
  enter(session: string, address: string): Entrance | null {
    const seat = this.isClosed_
      ? null
      : this.seats_.take(session, address, this.options_.streams)
    if (!seat) {
      return null
    }
    const followed = this.follow_(session)
    followed.coming += 1
    const { rings } = followed
    let isTaken = true
    const leave = (): void => {
      if (isTaken) {
        isTaken = false
        followed.coming -= 1
        this.seats_.free(seat)
      }
    }
    const begin: Entrance["begin"] = (req, res, view) => {
      if (!isTaken) {
        return
      }
      isTaken = false
      followed.coming -= 1
      this.begin_(followed, seat, { req, res, page: pageOf(view) })
      // What was rung for meanwhile may have been read for nobody yet, and the view be older.
      if (followed.rings !== rings) {
        followed.version = null
        this.rouse_(followed)
        this.schedule_()
      }
    }
    return { begin, leave }
  }

  /** A page that has no stream has read the view of its session: the shopper looks at it. */
  seen(session: string, view: ChargeView): void {
    const page = pageOf(view)
    const known = this.followed_.get(session)
    const mayFollow =
      page.isAwaited &&
      this.followed_.size < 2 * this.options_.streams.perProcess
    if (this.isClosed_ || (!known && !mayFollow)) {
      return
    }
    const followed = known ?? this.follow_(session)
    followed.seenUntil = Date.now() + SEEN_MS
    // A page with a stream is kept up to date by it; this view may be older.
    if (followed.streams.size === 0) {
      this.turn_(followed, page)
      this.schedule_()
    }
  }

  /** Ends all streams; their readers come back, to another process or a new one. */
  async close(): Promise<void> {
    if (this.isClosed_) {
      return
    }
    this.isClosed_ = true
    this.unhear_?.()
    clearInterval(this.beatTimer_)
    clearTimeout(this.turnTimer_)
    for (const stream of this.streamsOpen_()) {
      stream.end()
    }
    const notes = this.watch_.lastNotes(Date.now())
    this.followed_.clear()
    if (notes.length > 0) {
      await writeWatch(this.database_, notes).catch((error: Error) =>
        this.tellBlind_(error)
      )
    }
  }

  protected follow_(session: string): Followed {
    const known = this.followed_.get(session)
    if (known) {
      return known
    }
    const followed: Followed = {
      session,
      streams: new Set(),
      coming: 0,
      seenUntil: 0,
      chargeId: null,
      isAwaited: false,
      watches: null,
      version: null,
      turnsAt: null,
      rings: 0,
    }
    this.followed_.set(session, followed)
    this.wake_()
    return followed
  }

  /** The first page that is looked at sets everything going. */
  protected wake_(): void {
    this.unhear_ ??= this.bell_.hear((ring) => {
      const followed =
        ring.type === "changed" && this.followed_.get(ring.payment_session_id)
      if (followed) {
        this.rouse_(followed)
        this.schedule_()
      }
    })
    if (!this.beatTimer_) {
      this.lookAt_ = Date.now() + this.lookEachMs_
      this.beatTimer_ = setInterval(() => this.onBeat_(), BEAT_MS)
      this.beatTimer_.unref()
    }
  }

  protected rest_(): void {
    clearInterval(this.beatTimer_)
    clearTimeout(this.turnTimer_)
    this.beatTimer_ = undefined
    this.lookAt_ = null
    this.toLook_ = []
    this.servers_.clear()
  }

  protected begin_(
    followed: Followed,
    seat: Seat,
    {
      req,
      res,
      page,
    }: { req: IncomingMessage; res: ServerResponse; page: Page }
  ): void {
    const stream = new EventStream(req, res, Date.now())
    if (stream.isOver || this.isClosed_) {
      this.seats_.free(seat)
      stream.drop()
      return
    }
    const beat = this.beats_[this.seats_.taken % HEARTBEAT_BEATS]
    followed.streams.add(stream)
    beat.add(stream)
    if (stream.server) {
      this.servers_.add(stream.server)
    }
    res.once("close", () => {
      this.seats_.free(seat)
      followed.streams.delete(stream)
      beat.delete(stream)
      this.unsent_.delete(stream)
      this.attend_(followed, Date.now())
      this.schedule_()
    })
    const isNews = page.isFinal || stream.lastId !== page.etag
    stream.lastId = page.etag
    stream.begin(isNews ? chargeEvent(page.etag, page.view) : "")
    this.turn_(followed, page)
    if (page.isFinal) {
      stream.end()
      return
    }
    this.unsent_.add(stream)
    this.schedule_()
  }

  /** Once a second: heartbeats, readers that do not read, pages that nobody looks at any more. */
  protected onBeat_(): void {
    const now = Date.now()
    this.endOfClosingServers_()
    this.beat_ = (this.beat_ + 1) % HEARTBEAT_BEATS
    for (const stream of this.beats_[this.beat_]) {
      if (now >= stream.endsAt) {
        stream.end()
      } else {
        stream.beat()
        this.unsent_.add(stream)
      }
    }
    for (const stream of this.unsent_) {
      if (stream.isStuck(now)) {
        stream.drop()
      } else if (!stream.isUnsent) {
        this.unsent_.delete(stream)
      }
    }
    for (const followed of this.followed_.values()) {
      if (followed.turnsAt !== null && followed.turnsAt <= now) {
        followed.turnsAt = null
        this.rouse_(followed)
      }
      this.attend_(followed, now)
    }
    if (this.bell_.isListening !== this.wasListening_) {
      this.wasListening_ = this.bell_.isListening
      this.lookAt_ = now
    }
    if (this.followed_.size === 0 && this.watch_.isEmpty) {
      this.rest_()
      return
    }
    this.schedule_()
  }

  /**
   * Medusa waits until all connections are closed before it tells its modules that
   * it shuts down: by then it is too late to close them.
   */
  protected endOfClosingServers_(): void {
    for (const server of this.servers_) {
      if (server.listening) {
        continue
      }
      this.servers_.delete(server)
      for (const stream of this.streamsOpen_()) {
        if (stream.server === server) {
          stream.end()
        }
      }
    }
  }

  protected streamsOpen_(): EventStream[] {
    return this.beats_.flatMap((streams) => [...streams])
  }

  /** Whether anybody looks at a page, and at which charge. */
  protected attend_(followed: Followed, now: number): void {
    const isLooked = followed.streams.size > 0 || followed.seenUntil > now
    const watches = isLooked && followed.isAwaited ? followed.chargeId : null
    if (watches !== followed.watches) {
      if (followed.watches !== null) {
        this.watch_.leave(followed.watches, now)
      }
      if (watches !== null) {
        this.watch_.look(watches, now)
      }
      followed.watches = watches
    }
    if (!isLooked && followed.coming === 0) {
      this.followed_.delete(followed.session)
      this.rung_.delete(followed.session)
    }
  }

  protected turn_(followed: Followed, page: Page): void {
    if (!page.isAwaited) {
      this.watch_.forget(page.view.id)
      followed.watches =
        followed.watches === page.view.id ? null : followed.watches
    }
    followed.chargeId = page.view.id
    followed.isAwaited = page.isAwaited
    followed.turnsAt = page.turnsAt
    this.attend_(followed, Date.now())
  }

  protected rouse_(followed: Followed): void {
    followed.rings += 1
    if (followed.streams.size > 0 || followed.coming > 0) {
      this.rungSince_ ??= Date.now()
      this.rung_.add(followed.session)
    }
  }

  protected get lookEachMs_(): number {
    return this.bell_.isListening ? LOOK_EACH_MS : DEAF_LOOK_EACH_MS
  }

  protected schedule_(): void {
    if (this.isWorking_ || this.isClosed_) {
      return
    }
    const next = nextTurn(
      {
        rung: this.rung_.size > 0 ? this.rungSince_ : null,
        note: this.watch_.dueSince,
        look: this.lookAt_,
      },
      this.taken_
    )
    clearTimeout(this.turnTimer_)
    if (next) {
      this.turnTimer_ = setTimeout(
        () => void this.take_(next.turn),
        next.at - Date.now()
      )
      this.turnTimer_.unref()
    }
  }

  protected async take_(turn: Turn): Promise<void> {
    this.isWorking_ = true
    this.taken_ = [{ turn, at: Date.now() }, this.taken_[0]]
    try {
      await this.work_(turn)
      if (this.isBlind_) {
        this.isBlind_ = false
        this.logger_.info("KHQR: the open pages are told of changes again")
      }
    } catch (error) {
      this.tellBlind_(error as Error)
      this.taken_[0].at = Date.now() + PAUSE_MS - TURN_MS
    }
    this.isWorking_ = false
    this.schedule_()
  }

  protected async work_(turn: Turn): Promise<void> {
    switch (turn) {
      case "rung":
        return this.readRung_()
      case "note":
        return this.writeNotes_()
      case "look":
        return this.look_()
    }
  }

  protected async readRung_(): Promise<void> {
    const sessions = [...this.rung_].slice(0, ROWS_AT_ONCE)
    sessions.forEach((session) => this.rung_.delete(session))
    const since = this.rungSince_
    this.rungSince_ = this.rung_.size > 0 ? since : null
    const pages = await readPages(this.database_, sessions).catch(
      (error: Error) => {
        sessions.forEach((session) => this.rung_.add(session))
        this.rungSince_ = since
        throw error
      }
    )
    let told = 0
    for (const [session, rows] of pages) {
      this.tell_(session, rows)
      told += 1
      if (told % TOLD_AT_ONCE === 0) {
        await breathe()
      }
    }
  }

  /** Presents a charge once, for all who look at it. */
  protected tell_(session: string, rows: PageRow[]): void {
    const followed = this.followed_.get(session)
    if (!followed) {
      return
    }
    const page = turnPage(rows, this.options_.merchant, new Date())
    followed.version = versionOf(rows)
    this.turn_(followed, page)
    if (rows.some(({ id, is_watched }) => id === page.view.id && !is_watched)) {
      this.watch_.correct(page.view.id, Date.now())
    }
    let event: string | undefined
    for (const stream of followed.streams) {
      if (stream.lastId !== page.etag || page.isFinal) {
        event ??= chargeEvent(page.etag, page.view)
        stream.send(event, page.etag)
        this.unsent_.add(stream)
      }
      if (page.isFinal) {
        stream.end()
      }
    }
  }

  protected async look_(): Promise<void> {
    if (this.toLook_.length === 0) {
      this.toLook_ = [...this.followed_.keys()]
    }
    const sessions = this.toLook_.splice(0, VERSIONS_AT_ONCE)
    // The rest of a long list is looked at in the next turns.
    this.lookAt_ = Date.now() + (this.toLook_.length > 0 ? 0 : this.lookEachMs_)
    if (sessions.length === 0) {
      return
    }
    for (const { page, version, unwatched } of await readVersions(
      this.database_,
      sessions
    )) {
      const followed = this.followed_.get(page)
      if (!followed) {
        continue
      }
      if (followed.version !== version) {
        this.rouse_(followed)
      }
      if (followed.watches && unwatched?.includes(followed.watches)) {
        this.watch_.correct(followed.watches, Date.now())
      }
    }
  }

  protected async writeNotes_(): Promise<void> {
    const notes = this.watch_.notes(Date.now(), NOTES_AT_ONCE)
    if (notes.length > 0) {
      const ids = await writeWatch(this.database_, notes)
      this.watch_.written(notes, ids, Date.now())
    }
  }

  protected tellBlind_(error: Error): void {
    if (!this.isBlind_) {
      this.isBlind_ = true
      this.logger_.warn(
        `KHQR: the open pages are told of no changes: ${error.message}`
      )
    }
  }
}
