import fc from "fast-check"

import { EventStreamParser, type ServerSentEvent } from "../event-stream"

/** What is read of a stream that comes in these pieces. */
function read(...pieces: string[]): {
  events: ServerSentEvent[]
  retries: number[]
} {
  const events: ServerSentEvent[] = []
  const retries: number[] = []
  const parser = new EventStreamParser({
    onEvent: (event) => events.push(event),
    onRetry: (milliseconds) => retries.push(milliseconds),
  })
  pieces.forEach((piece) => parser.feed(piece))
  return { events, retries }
}

const message = (data: string, lastEventId = "", type = "message") => ({
  type,
  data,
  lastEventId,
})

describe("the examples of the standard", () => {
  it("reads lines of data as one event, with line breaks between them", () => {
    const { events } = read("data: YHOO\ndata: +2\ndata: 10\n\n")
    expect(events).toEqual([message("YHOO\n+2\n10")])
  })

  it("passes over comments, keeps an id, empties it, and takes away one space", () => {
    const { events } = read(
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
    )
    expect(events).toEqual([
      message("first event", "1"),
      message("second event"),
      message(" third event"),
    ])
  })

  it("tells empty data, but no event that was not ended", () => {
    const { events } = read("data\n\ndata\ndata\n\ndata:")
    expect(events).toEqual([message(""), message("\n")])
  })

  it("reads a space after the colon as nothing", () => {
    const { events } = read("data:test\n\ndata: test\n\n")
    expect(events).toEqual([message("test"), message("test")])
  })
})

it("knows each kind of line end, mixed and cut in two", () => {
  const { events } = read("data: 1\r", "\n\r", "\n", "data: 2\r\rdata: 3\n\r\n")
  expect(events).toEqual([message("1"), message("2"), message("3")])
})

it("takes a CR at the end of a piece for the end of the line", () => {
  expect(read("data: 1\r\r").events).toEqual([message("1")])
})

it("takes one byte order mark at the very start", () => {
  const mark = "\ufeff"
  expect(read(`${mark}data: 1\n\n`).events).toEqual([message("1")])
  expect(read("", mark, "data: 1\n\n").events).toEqual([message("1")])
  expect(read(`${mark}${mark}data: 1\n\n`).events).toEqual([])
  expect(read("data: 1\n\n", `${mark}data: 2\n\n`).events).toEqual([
    message("1"),
  ])
})

it("forgets the name of an event without data, and keeps its id", () => {
  const { events } = read("event: charge\nid: 7\n\ndata: 1\n\n")
  expect(events).toEqual([message("1", "7")])
})

it("takes no id with a NUL in it", () => {
  const { events } = read("id: 1\ndata: 1\n\nid: 2\0\ndata: 2\n\n")
  expect(events.map(({ lastEventId }) => lastEventId)).toEqual(["1", "1"])
})

it("takes a pause of digits alone", () => {
  const { retries } = read(
    "retry: 2000\nretry: 2s\nretry: -1\nretry: 1e3\nretry\nretry:30\n"
  )
  expect(retries).toEqual([2_000, 30])
})

it("passes over fields it does not know, and over names in capitals", () => {
  const { events } = read("colour: red\nDATA: no\ndata : no\ndata: yes\n\n")
  expect(events).toEqual([message("yes")])
})

it.each([
  ["a line", () => "x".repeat(1_000)],
  ["an event", () => `data: ${"x".repeat(1_000)}\n`],
])("gives up on %s that has no end", (_, more) => {
  const parser = new EventStreamParser({ onEvent() {}, onRetry() {} })
  parser.feed("data: ")
  expect(() => {
    for (let pieces = 0; pieces < 200; pieces++) {
      parser.feed(more())
    }
  }).toThrow(RangeError)
})

it("never tires of comments and short events", () => {
  const heartbeat = ": \n\n".repeat(50_000)
  expect(read(heartbeat, "data: 1\n\n", heartbeat).events).toHaveLength(1)
})

describe("any stream", () => {
  const word = fc
    .string({ unit: "grapheme", maxLength: 12 })
    .filter((text) => !/[\r\n\0]/.test(text))
  const sent = fc.record({
    type: word,
    data: fc.array(word, { minLength: 1, maxLength: 4 }),
    id: fc.option(word, { nil: undefined }),
    comment: fc.option(word, { nil: undefined }),
    retry: fc.option(fc.nat(), { nil: undefined }),
  })
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r")

  it("is read as it was written", () => {
    fc.assert(
      fc.property(fc.array(sent), lineEnd, (events, end) => {
        let id = ""
        const expected = events.map((event) => {
          id = event.id ?? id
          return message(event.data.join("\n"), id, event.type || "message")
        })
        const { events: heard, retries } = read(write(events, end))
        expect(heard).toEqual(expected)
        expect(retries).toEqual(
          events.flatMap(({ retry }) => (retry === undefined ? [] : [retry]))
        )
      })
    )
  })

  function write(
    events: {
      type: string
      data: string[]
      id?: string
      comment?: string
      retry?: number
    }[],
    end: string
  ): string {
    return events
      .flatMap(({ type, data, id, comment, retry }) => [
        ...(comment === undefined ? [] : [`:${comment}`]),
        ...(retry === undefined ? [] : [`retry: ${retry}`]),
        ...(id === undefined ? [] : [`id: ${id}`]),
        `event: ${type}`,
        ...data.map((line) => `data: ${line}`),
        "",
      ])
      .map((line) => line + end)
      .join("")
  }

  const noise = fc
    .array(
      fc.constantFrom(
        ...["data", "id", "event", "retry", ":", " ", "\r", "\n", "\r\n"],
        ...["\0", "\ufeff", "7", "ក", "{"]
      )
    )
    .map((parts) => parts.join(""))

  it("means the same wherever it is cut, however wild it is", () => {
    fc.assert(
      fc.property(noise, fc.array(fc.nat()), (text, cuts) => {
        const places = cuts.map((cut) => cut % (text.length + 1))
        const edges = [0, ...places.sort((a, b) => a - b), text.length]
        const pieces = edges
          .slice(1)
          .map((edge, index) => text.slice(edges[index], edge))
        expect(pieces.join("")).toBe(text)
        expect(read(...pieces)).toEqual(read(text))
        expect(read(...text)).toEqual(read(text))
      }),
      { numRuns: 500 }
    )
  })
})
