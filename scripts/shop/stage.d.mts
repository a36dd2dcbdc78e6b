import type { Simulator } from "../../src/simulator"
import type { SeededShop } from "../../demo/seed"

/** A Medusa in a process of its own. */
export type Server = {
  shop: SeededShop
  url: string
  port: number
  /** SIGKILL; resolves when it is gone. */
  kill: () => Promise<void>
  /** How it ended: "signal SIGKILL", "exit code 1". */
  exited: () => Promise<string>
}

export type Connection = {
  raw: (query: string, values?: unknown[]) => Promise<{ rows: never[] }>
  transaction: () => Promise<
    Connection & { commit: () => Promise<void>; rollback: () => Promise<void> }
  >
  destroy: () => Promise<void>
}

export type Stage = {
  bank: Simulator
  database: {
    url: string
    /** Stops PostgreSQL; resolves with what starts it again. */
    halt: () => Promise<() => Promise<void>>
  }
  sql: <T = Record<string, unknown>>(
    query: string,
    values?: unknown[]
  ) => Promise<T[]>
  connect: () => Promise<Connection>
  startServer: (options?: {
    port?: number
    env?: Record<string, string>
  }) => Promise<Server>
  close: () => Promise<void>
}

export function openStage(options: {
  name: string
  env?: Record<string, string>
  bank?: Simulator
}): Promise<Stage>
