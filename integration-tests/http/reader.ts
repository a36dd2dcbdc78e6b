import { request, type ClientRequest, type IncomingMessage } from "node:http"
import { createBrotliDecompress, createGunzip } from "node:zlib"

import type { ChargeView } from "../../src/modules/khqr/view"
import { eventually } from "./world"

export type StreamEvent = {
  event: string
  id: string
  data: string
  charge: ChargeView
}

/** A browser's end of `GET …/events`. */
export class Reader {
  readonly events: StreamEvent[] = []
  /** Lines that are no event: comments and `retry`. */
  readonly asides: string[] = []
  text = ""
  isEnded = false

  protected constructor(
    readonly response: IncomingMessage,
    protected readonly request_: ClientRequest
  ) {
    const body = decoded(response).setEncoding("utf8")
    let rest = ""
    body.on("data", (chunk: string) => {
      this.text += chunk
      const blocks = (rest + chunk).split("\n\n")
      rest = blocks.pop()!
      blocks.forEach((block) => this.take_(block))
    })
    const end = () => (this.isEnded = true)
    body.on("end", end)
    response.on("error", end).on("close", end)
  }

  /** Resolves with the answer's head, whatever its status is. */
  static async open(
    url: string,
    headers: Record<string, string>,
    options: { method?: string } = {}
  ): Promise<Reader> {
    return new Promise((resolve, reject) => {
      // A connection of its own, as each page of a browser has.
      const asked = request(url, { headers, agent: false, ...options })
      asked.on("response", (response) => resolve(new Reader(response, asked)))
      asked.on("error", reject)
      asked.end()
    })
  }

  get status(): number {
    return this.response.statusCode!
  }

  get latest(): StreamEvent {
    return this.events.at(-1)!
  }

  /** Of the body as a whole, once it is there. */
  async json<T>(): Promise<T> {
    return eventually(async () => JSON.parse(this.text) as T)
  }

  /** Waits until the latest event is such a one. */
  async shows(charge: Partial<ChargeView>): Promise<StreamEvent> {
    return eventually(async () => {
      expect(this.latest?.charge).toMatchObject(charge)
      return this.latest
    })
  }

  async ended(): Promise<void> {
    await eventually(async () => expect(this.isEnded).toBe(true))
  }

  /** Takes nothing any more, and does not say so. */
  stop(): void {
    this.response.pause()
  }

  close(): void {
    this.request_.destroy()
  }

  protected take_(block: string): void {
    const lines = block.split("\n").filter((line) => !line.startsWith(":"))
    const fields = Object.fromEntries(
      lines.map((line) => line.split(/: (.*)/s).slice(0, 2))
    )
    if (!fields.event) {
      this.asides.push(block)
      return
    }
    const { charge } = JSON.parse(fields.data) as { charge: ChargeView }
    this.events.push({ ...(fields as StreamEvent), charge })
  }
}

function decoded(response: IncomingMessage) {
  switch (response.headers["content-encoding"]) {
    case "br":
      return response.pipe(createBrotliDecompress())
    case "gzip":
      return response.pipe(createGunzip())
    default:
      return response
  }
}
