import net, { type AddressInfo, type Socket } from "node:net"

type Meeting = (socket: Socket) => void

/** What lies between the shop and the bank: one port that can be cut, and that can say anything. */
export class Wire {
  protected readonly sockets_ = new Set<Socket>()
  protected server_: net.Server | null = null
  protected meet_: Meeting | null = null
  protected port_ = 0

  /** @param bankUrl where calls arrive while nothing is wrong; asked for at each of them */
  constructor(protected readonly bankUrl_: () => string) {}

  get address(): string {
    return `127.0.0.1:${this.port_}`
  }

  /** Listens, on the same port each time. */
  async open(): Promise<void> {
    this.meet_ = null
    if (this.server_) {
      return this.hangUp_()
    }
    const server = net.createServer((socket) => {
      this.keep_(socket)
      const meet = this.meet_ ?? ((met: Socket) => this.connect_(met))
      meet(socket)
    })
    await new Promise<void>((resolve) =>
      server.listen(this.port_, "127.0.0.1", resolve)
    )
    this.port_ = (server.address() as AddressInfo).port
    this.server_ = server
  }

  /** Nobody listens any more: connections are refused. */
  async cut(): Promise<void> {
    const server = this.server_
    this.server_ = null
    const closed = new Promise((resolve) =>
      server ? server.close(resolve) : resolve(null)
    )
    this.hangUp_()
    await closed
  }

  /** Whoever calls from now on meets this instead of the bank. */
  replaceBank(meet: Meeting): void {
    this.meet_ = meet
    this.hangUp_()
  }

  protected connect_(socket: Socket): void {
    const { hostname, port } = new URL(this.bankUrl_())
    const bank = net.connect(Number(port), hostname)
    this.keep_(bank)
    socket.pipe(bank).pipe(socket)
    socket.on("close", () => bank.destroy())
    bank.on("close", () => socket.destroy())
  }

  protected keep_(socket: Socket): void {
    this.sockets_.add(socket)
    socket.on("error", () => undefined)
    socket.on("close", () => this.sockets_.delete(socket))
  }

  /** Kept connections would go on as before. */
  protected hangUp_(): void {
    this.sockets_.forEach((socket) => socket.destroy())
  }
}
