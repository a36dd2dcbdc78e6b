/**
 * The format of server-sent events, as the HTML standard has it (section 9.2.6). A library would
 * be longer than this, and it is shipped to every shopper.
 */
export type EventStreamHandlers = {
  onEvent: (event: ServerSentEvent) => void
  /** @param milliseconds the pause that the server wants before a reconnect */
  onRetry: (milliseconds: number) => void
}

export type ServerSentEvent = {
  /** `message` when the server named none. */
  type: string
  data: string
  /** Of this event, or of the last one before it that had one; else empty. */
  lastEventId: string
}

/** Characters. What is longer is no view of a charge, and a phone has to hold it. */
const LONGEST_EVENT = 100_000

export class EventStreamParser {
  #handlers: EventStreamHandlers
  #isStart = true
  #endedInCr = false
  /** What came of a line that is not complete. */
  #rest = ""
  #type = ""
  #data: string[] = []
  #size = 0
  #lastEventId = ""

  constructor(handlers: EventStreamHandlers) {
    this.#handlers = handlers
  }

  /**
   * Takes the next characters, wherever the network has cut them. An event is told with the
   * empty line that ends it; one that is never ended is none.
   *
   * @throws RangeError when an event has no end in sight
   */
  feed(text: string): void {
    if (text === "") {
      return
    }
    let fresh = text
    if (this.#isStart && fresh.startsWith("\ufeff")) {
      fresh = fresh.slice(1)
    }
    this.#isStart = false
    // The other half of a CRLF.
    if (this.#endedInCr && fresh.startsWith("\n")) {
      fresh = fresh.slice(1)
    }
    this.#endedInCr = text.endsWith("\r")

    const lines = (this.#rest + fresh).split(/\r\n|\r|\n/)
    this.#rest = lines.pop() ?? ""
    lines.forEach((line) => this.#takeLine(line))
    if (this.#size + this.#rest.length > LONGEST_EVENT) {
      throw new RangeError("An event of the stream has no end")
    }
  }

  #takeLine(line: string): void {
    if (line === "") {
      this.#endEvent()
      return
    }
    const colon = line.indexOf(":")
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "")

    // A comment has an empty name, and what is unknown may be named one day.
    switch (name) {
      case "event":
        this.#type = value
        break
      case "data":
        this.#data.push(value)
        this.#size += line.length
        break
      case "id":
        if (!value.includes("\0")) {
          this.#lastEventId = value
        }
        break
      case "retry":
        if (/^\d+$/.test(value)) {
          this.#handlers.onRetry(Number(value))
        }
    }
  }

  #endEvent(): void {
    const event = {
      type: this.#type || "message",
      data: this.#data.join("\n"),
      lastEventId: this.#lastEventId,
    }
    const isEmpty = this.#data.length === 0
    this.#type = ""
    this.#data = []
    this.#size = 0
    if (!isEmpty) {
      this.#handlers.onEvent(event)
    }
  }
}
