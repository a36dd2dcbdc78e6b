import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"

type Update = {
  update_id: number
  message: { date: number; chat: { id: number }; text: string }
}

const TOKEN = "123:telegram-tests"

/** The shop's own group. */
export const GROUP = -1001

/** Telegram's Bot API, as far as a reader of one group needs it. */
export class FakeTelegram {
  /** The offsets that were asked from; `null` without one. */
  readonly asked: (number | null)[] = []
  protected readonly updates_: Update[] = []
  protected readonly waiting_ = new Set<() => void>()
  protected server_!: Server

  async start(): Promise<void> {
    this.server_ = createServer((request, response) => {
      const url = new URL(request.url!, "http://telegram")
      if (url.pathname !== `/bot${TOKEN}/getUpdates`) {
        response.writeHead(404).end(JSON.stringify({ ok: false }))
        return
      }
      const offset = url.searchParams.get("offset")
      this.asked.push(offset === null ? null : Number(offset))
      const answer = () => {
        const result = this.updates_.filter(
          ({ update_id }) => update_id >= Number(offset ?? 0)
        )
        if (result.length > 0) {
          this.waiting_.delete(answer)
          response.end(JSON.stringify({ ok: true, result }))
        }
      }
      this.waiting_.add(answer)
      request.on("close", () => this.waiting_.delete(answer))
      answer()
    }).listen(0, "127.0.0.1")
    await once(this.server_, "listening")
  }

  get environment(): Record<string, string> {
    const { port } = this.server_.address() as AddressInfo
    return {
      TELEGRAM_API_URL: `http://127.0.0.1:${port}`,
      TELEGRAM_BOT_TOKEN: TOKEN,
      TELEGRAM_CHAT_ID: String(GROUP),
    }
  }

  /** Somebody, or the bank's bot, writes into a group. */
  post(text: string, { chat = GROUP, agoMs = 0 } = {}): void {
    this.updates_.push({
      update_id: 700 + this.updates_.length,
      message: {
        date: Math.floor((Date.now() - agoMs) / 1_000),
        chat: { id: chat },
        text,
      },
    })
    for (const answer of [...this.waiting_]) {
      answer()
    }
  }

  async stop(): Promise<void> {
    this.server_.closeAllConnections()
    this.server_.close()
  }
}

/** A shop that breaks, is busy and hangs up before it hears. */
export class RestlessShop {
  readonly heard: unknown[] = []
  protected readonly server_: Server

  protected constructor() {
    this.server_ = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) {
        chunks.push(chunk)
      }
      this.heard.push(JSON.parse(Buffer.concat(chunks).toString("utf8")))
      switch (this.heard.length) {
        case 1:
          return response.writeHead(500).end("<html>")
        case 2:
          return response.writeHead(429, { "retry-after": "1" }).end("{}")
        case 3:
          return request.socket.destroy()
        default:
          return response.end(JSON.stringify({ message: "heard" }))
      }
    })
  }

  static async open(): Promise<RestlessShop> {
    const shop = new RestlessShop()
    shop.server_.listen(0, "127.0.0.1")
    await once(shop.server_, "listening")
    return shop
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server_.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    this.server_.closeAllConnections()
    this.server_.close()
  }
}

/** The example as a merchant runs it. */
export class Forwarder {
  output = ""
  protected readonly child_: ChildProcess
  protected readonly ended_: Promise<number | null>

  constructor(environment: Record<string, string>) {
    this.child_ = spawn(
      process.execPath,
      [join(process.cwd(), "examples", "notice-forwarder.mjs")],
      { env: environment, stdio: ["ignore", "pipe", "pipe"] }
    )
    for (const stream of [this.child_.stdout!, this.child_.stderr!]) {
      stream
        .setEncoding("utf8")
        .on("data", (text: string) => (this.output += text))
    }
    this.ended_ = once(this.child_, "close").then(([code]) => code)
  }

  /** @returns its exit code */
  async ended(): Promise<number | null> {
    return this.ended_
  }

  async stop(): Promise<number | null> {
    this.child_.kill("SIGTERM")
    return this.ended_
  }
}
