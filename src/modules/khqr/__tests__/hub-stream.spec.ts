import { EventEmitter } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"

import { chargeEvent, EventStream } from "../hub-stream"
import { presentCharge } from "../view"
import { charge, ISSUED_AT } from "./world"

const MINUTE = 60_000

/** A reader whose network takes only what it is told to. */
class Response extends EventEmitter {
  text = ""
  writableLength = 0
  writableEnded = false
  destroyed = false
  flushed = 0
  writeHead(): void {}
  write(text: string): boolean {
    this.text += text
    return true
  }
  flush(): void {
    this.flushed += 1
  }
  end(): void {
    this.writableEnded = true
  }
  destroy(): void {
    this.destroyed = true
  }
}

const open = (headers: Record<string, string> = {}) => {
  const response = new Response()
  const stream = new EventStream(
    { headers } as unknown as IncomingMessage,
    response as unknown as ServerResponse,
    0
  )
  return { response, stream }
}

describe("An event", () => {
  it("is one line of data, whatever is in it", () => {
    const view = presentCharge(
      charge({ deeplink: "https://a\n\nevent: x\r\rdata: y" }),
      { name: "Lucky\nShop" },
      ISSUED_AT
    )
    const lines = chargeEvent("abc", view).split(/\r|\n/)
    expect(lines.slice(0, 2)).toEqual(["event: charge", "id: abc"])
    expect(JSON.parse(lines[2].slice("data: ".length))).toEqual({
      charge: view,
    })
    expect(lines.slice(3)).toEqual(["", ""])
  })
})

describe("A stream", () => {
  it("knows what its reader has seen", () => {
    expect(open().stream.lastId).toBeNull()
    const { stream, response } = open({ "last-event-id": "abc" })
    expect(stream.lastId).toBe("abc")
    stream.begin("")
    stream.send("event\n\n", "def")
    expect(stream.lastId).toBe("def")
    expect(response.text).toBe("retry: 2000\n\nevent\n\n")
    expect(response.flushed).toBe(2)
  })

  it("is stuck with more than 64 kB unsent", () => {
    const { stream, response } = open()
    response.writableLength = 65_536
    expect(stream.isStuck(1)).toBe(false)
    response.writableLength += 1
    expect(stream.isStuck(2)).toBe(true)
  })

  it("is stuck when nothing was taken for half a minute", () => {
    const { stream, response } = open()
    response.writableLength = 10
    expect(stream.isUnsent).toBe(true)
    expect(stream.isStuck(1_000)).toBe(false)
    response.writableLength = 0
    expect(stream.isStuck(30_000)).toBe(false)
    response.writableLength = 10
    expect(stream.isStuck(40_000)).toBe(false)
    expect(stream.isStuck(69_999)).toBe(false)
    expect(stream.isStuck(70_000)).toBe(true)
  })

  it("has an end, not the same for all", () => {
    const ends = Array.from({ length: 20 }, () => open().stream.endsAt)
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(10 * MINUTE)
    expect(Math.max(...ends)).toBeLessThan(11 * MINUTE)
    expect(new Set(ends).size).toBeGreaterThan(1)
  })

  it("writes nothing to a reader who is gone, and survives their errors", () => {
    const { stream, response } = open()
    response.emit("error", new Error("ECONNRESET"))
    expect(response.destroyed).toBe(true)
    stream.beat()
    expect(response.text).toBe("")
  })
})
