import { KHQR_PROVIDER_ID } from "../../demo/seed"
import type {
  Connection,
  Server,
  Stage,
} from "../../scripts/shop/stage.mjs" with { "resolution-mode": "import" }
import { startSimulator, type Simulator } from "../../src/simulator"
import { eventually } from "../http/world"

const ADDRESS = {
  first_name: "Sok",
  last_name: "Dara",
  address_1: "Street 155",
  city: "Phnom Penh",
  country_code: "kh",
  phone: "012345678",
}

/** Where the server is stopped: what it is then waiting to write, or to read. */
export const MOMENTS: {
  moment: string
  table: string
  readers?: boolean
  /** How many orders Medusa may leave that nobody paid and nothing points to. Default none. */
  leaves?: number
}[] = [
  {
    moment: "the answer is on record and nothing is settled",
    table: "payment_session",
    readers: true,
  },
  { moment: "the cart is completed and has no order yet", table: '"order"' },
  {
    moment: "there is an order and nothing knows of it",
    table: "order_cart, order_payment_collection",
    leaves: 1,
  },
  {
    moment: "there is an order and the cart does not know of it",
    table: "order_cart",
    leaves: 1,
  },
  {
    moment: "there is an order and its payment collection does not know of it",
    table: "order_payment_collection",
  },
  { moment: "the order is there and its payment is not", table: "payment" },
  { moment: "the payment is there and not captured", table: "capture" },
  {
    moment: "the payment is captured and the order's books do not say so",
    table: "order_transaction",
  },
]

export type Purchase = {
  cartId: string
  sessionId: string
  chargeId: string
  qr: string
  md5: string
}

type Answer = {
  cart: { id: string }
  payment_collection: {
    id: string
    payment_sessions: {
      id: string
      data: { charge_id: string; qr: string; md5: string }
    }[]
  }
}

/** A shop whose server is a process that may be killed, on a PostgreSQL that may be stopped. */
export class CrashingShop {
  bank!: Simulator
  stage!: Stage
  server!: Server
  protected isDead_ = false

  /** @param name of its database */
  constructor(protected readonly name: string) {}

  async open(): Promise<void> {
    const { openStage } = await import("../../scripts/shop/stage.mjs")
    this.bank = await startSimulator({ port: 0 })
    this.stage = await openStage({
      name: this.name,
      bank: this.bank,
      env: { BAKONG_TIMEOUT_MS: "5000" },
    })
    this.server = await this.stage.startServer()
    this.watch_()
  }

  /** A process may end because its database is gone: whoever runs it starts it again. */
  protected watch_(): void {
    const { server } = this
    this.isDead_ = false
    void server.exited().then(() => {
      this.isDead_ = server === this.server
    })
  }

  async reviveIfDead(): Promise<void> {
    if (this.isDead_) {
      await this.restart()
    }
  }

  async close(): Promise<void> {
    await this.stage?.close()
    await this.bank?.close()
  }

  async restart(): Promise<void> {
    this.server = await this.stage.startServer({ port: this.server.port })
    this.watch_()
  }

  async call(
    method: "GET" | "POST",
    path: string,
    body?: unknown
  ): Promise<Answer> {
    const response = await fetch(`${this.server.url}/store/${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        "x-publishable-api-key": this.server.shop.publishableKey,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const data = (await response.json()) as Answer
    if (!response.ok) {
      throw new Error(`${path}: ${response.status} ${JSON.stringify(data)}`)
    }
    return data
  }

  /** From nothing to a KHQR on the shopper's screen. */
  async checkout(): Promise<Purchase> {
    const { regions, variants, shippingOptionId } = this.server.shop
    const { cart } = await this.call("POST", "carts", {
      region_id: regions.usd,
      email: "dara@example.com",
      items: [{ variant_id: Object.values(variants)[0], quantity: 1 }],
      shipping_address: ADDRESS,
      billing_address: ADDRESS,
    })
    await this.call("POST", `carts/${cart.id}/shipping-methods`, {
      option_id: shippingOptionId,
    })
    const { payment_collection } = await this.call(
      "POST",
      "payment-collections",
      { cart_id: cart.id }
    )
    const opened = await this.call(
      "POST",
      `payment-collections/${payment_collection.id}/payment-sessions`,
      { provider_id: KHQR_PROVIDER_ID }
    )
    const [session] = opened.payment_collection.payment_sessions
    return {
      cartId: cart.id,
      sessionId: session.id,
      chargeId: session.data.charge_id,
      qr: session.data.qr,
      md5: session.data.md5,
    }
  }

  async charge(id: string) {
    const [charge] = await this.stage.sql<{
      status: string
      review_reason: string | null
      checks: number
    }>("SELECT * FROM khqr_charge WHERE id = ?", [id])
    return charge
  }

  /** Waits until somebody's statement waits for what `hold` holds. */
  async waited(hold: Hold): Promise<void> {
    await eventually(async () => {
      const waiting = await this.stage.sql<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE ? = ANY(pg_blocking_pids(pid))",
        [hold.pid]
      )
      expect(waiting.length).toBeGreaterThan(0)
    }, 60_000)
  }

  /** Whoever writes to the table, or reads it when `readers`, waits until `release`. */
  async hold(table: string, readers = false): Promise<Hold> {
    const connection = await this.stage.connect()
    const held = await connection.transaction()
    await held.raw(
      `LOCK TABLE ${table} IN ${readers ? "ACCESS EXCLUSIVE" : "SHARE ROW EXCLUSIVE"} MODE`
    )
    const { rows } = await held.raw("SELECT pg_backend_pid() AS pid")
    return new Hold(connection, held, (rows as { pid: number }[])[0].pid)
  }

  /** As if the leases of the killed had run out: their length is shown by a test of its own. */
  async endLeases(): Promise<void> {
    await this.stage.sql(
      "UPDATE khqr_charge SET leased_until = now() WHERE leased_until > now()"
    )
  }

  async completed(chargeId: string): Promise<void> {
    await eventually(
      async () =>
        expect(await this.charge(chargeId)).toMatchObject({
          status: "completed",
          review_reason: null,
        }),
      60_000
    )
  }

  /** What chaos checks at its end: bank, ledger and Medusa agree, each order is paid, once. */
  async faults(): Promise<string[]> {
    const { readBooks } = await import("../../scripts/chaos/books.mjs")
    const { checkBooks } = await import("../../scripts/chaos/check.mjs")
    const { checks } = checkBooks(await readBooks(this.stage))
    return checks.flatMap(({ name, faults }) =>
      faults.map((fault) => `${name}: ${fault}`)
    )
  }

  async paidOrders(): Promise<number> {
    return this.countOrders_("EXISTS")
  }

  async unpaidOrders(): Promise<number> {
    return this.countOrders_("NOT EXISTS")
  }

  protected async countOrders_(has: "EXISTS" | "NOT EXISTS"): Promise<number> {
    const rows = await this.stage.sql(
      `SELECT id FROM "order" o WHERE o.deleted_at IS NULL AND ${has} (
         SELECT 1 FROM order_transaction t WHERE t.order_id = o.id AND t.deleted_at IS NULL)`
    )
    return rows.length
  }

  /** Ends all connections that Medusa has; those of the tests stay. */
  async cutConnections(hold?: Hold): Promise<void> {
    await this.stage.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ?",
      [hold?.pid ?? 0]
    )
  }
}

/** A lock that the test holds. */
export class Hold {
  constructor(
    protected readonly connection: Connection,
    protected readonly held: Awaited<ReturnType<Connection["transaction"]>>,
    readonly pid: number
  ) {}

  async release(): Promise<void> {
    // The database may have been stopped meanwhile, and the lock with it.
    await this.held.rollback().catch(() => undefined)
    await this.connection.destroy()
  }
}
