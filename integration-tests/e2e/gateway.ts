import { once } from "node:events"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/** Stands between the browser and the shop's backend, and can go away as a server does that is started anew. */
export class Gateway {
  #to: URL
  #sockets = new Set<Socket>()
  #port = 0
  #server = createServer((browser) => {
    const { hostname, port } = this.#to
    const backend = connect(Number(port), hostname)
    browser.pipe(backend).pipe(browser)
    for (const [socket, other] of [
      [browser, backend],
      [backend, browser],
    ]) {
      this.#sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  })

  constructor(to: string) {
    this.#to = new URL(to)
  }

  get url(): string {
    return `http://localhost:${this.#port}`
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, "localhost")
    await once(this.#server, "listening")
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** All connections break, and there are no new ones. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#sockets.forEach((socket) => socket.destroy())
    await closed
  }
}
