import type { KhqrCharge } from "../client"

/** An answer of the event stream that the test writes bit by bit. */
export class FakeStream {
  isOpen = true
  readonly response: Response
  #controller!: ReadableStreamDefaultController<Uint8Array>

  constructor(
    readonly headers: Record<string, string>,
    signal: AbortSignal,
    type = "text/event-stream; charset=utf-8"
  ) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller
      },
    })
    signal.addEventListener("abort", () => {
      if (this.isOpen) {
        this.isOpen = false
        this.#controller.error(new DOMException("Aborted", "AbortError"))
      }
    })
    this.response = new Response(body, { headers: { "content-type": type } })
  }

  write(text: string): void {
    this.#controller.enqueue(new TextEncoder().encode(text))
  }

  sends(charge: Partial<KhqrCharge>, id = ""): void {
    this.write(
      `event: charge\nid: ${id}\ndata: ${JSON.stringify({ charge })}\n\n`
    )
  }

  beats(): void {
    this.write(": \n\n")
  }

  /** A restart of the server, or a proxy that has had enough. */
  breaks(): void {
    this.isOpen = false
    this.#controller.error(new TypeError("network error"))
  }

  ends(): void {
    this.isOpen = false
    this.#controller.close()
  }
}

type Answer = () => Response | Promise<Response>

/** The shop's backend as `fetch` sees it, to be used with jest's clock. */
export class FakeShop {
  readonly streams: FakeStream[] = []
  looks = 0
  /** What a plain request is answered. */
  answer: Answer = () => json(200, { charge: pending })
  /** What is answered instead of a stream. */
  refusal: Answer | null = null

  install(): void {
    jest.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
      if (!String(url).endsWith("/events")) {
        this.looks++
        return this.answer()
      }
      if (this.refusal) {
        return this.refusal()
      }
      const stream = new FakeStream(
        init?.headers as Record<string, string>,
        init!.signal!
      )
      this.streams.push(stream)
      return stream.response
    })
  }

  get stream(): FakeStream {
    return this.streams[this.streams.length - 1]
  }

  get open(): FakeStream[] {
    return this.streams.filter(({ isOpen }) => isOpen)
  }

  /** Nobody answers at all. */
  goesAway(): void {
    this.refusal = () => Promise.reject(new TypeError("Failed to fetch"))
    this.answer = this.refusal
  }

  comesBack(): void {
    this.refusal = null
    this.answer = () => json(200, { charge: pending })
  }
}

export const pending = { id: "khqrch_1", status: "pending" } as KhqrCharge
export const paid = { id: "khqrch_1", status: "paid" } as KhqrCharge
export const completed = { id: "khqrch_1", status: "completed" } as KhqrCharge

export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  })
}

/** As much of a page as a watch looks at. */
export class FakePage {
  visibilityState: "visible" | "hidden" = "visible"
  readonly #document = new EventTarget()
  readonly #window = new EventTarget()

  install(): void {
    const own = (target: EventTarget) => ({
      addEventListener: target.addEventListener.bind(target),
      removeEventListener: target.removeEventListener.bind(target),
    })
    const state = () => this.visibilityState
    Object.assign(globalThis, own(this.#window), {
      document: {
        ...own(this.#document),
        get visibilityState() {
          return state()
        },
      },
    })
  }

  uninstall(): void {
    for (const name of [
      "document",
      "addEventListener",
      "removeEventListener",
    ]) {
      Reflect.deleteProperty(globalThis, name)
    }
  }

  turns(to: "visible" | "hidden"): void {
    this.visibilityState = to
    this.#document.dispatchEvent(new Event("visibilitychange"))
  }

  hears(type: "focus" | "online" | "offline" | "pagehide" | "pageshow"): void {
    this.#window.dispatchEvent(new Event(type))
  }
}
