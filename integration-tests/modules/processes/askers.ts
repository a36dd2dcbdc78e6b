import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

import type { AskerOrder, AskerReport } from "./asker"

type Message = { ready?: true; told?: string; report?: AskerReport }

/** Some processes with one token, as servers and workers of one shop are. */
export class Askers {
  /** Names of the notices they sent. */
  readonly told: string[] = []
  protected children_: ChildProcess[] = []

  /** @param options the plugin's options, as every process has them. */
  async start(
    count: number,
    databaseUrl: string,
    options: Record<string, unknown>
  ): Promise<void> {
    this.children_ = Array.from({ length: count }, () =>
      fork(join(__dirname, "asker.ts"), {
        execArgv: ["--import", "tsx"],
        env: {
          ...process.env,
          DATABASE_URL: databaseUrl,
          KHQR_OPTIONS: JSON.stringify(options),
        },
      })
    )
    for (const child of this.children_) {
      child.on("message", ({ told }: Message) => told && this.told.push(told))
    }
    await Promise.all(
      this.children_.map((child) => heard(child, ({ ready }) => ready))
    )
  }

  /** All of them at once. */
  async ask(order: AskerOrder): Promise<AskerReport[]> {
    return Promise.all(
      this.children_.map(async (child) => {
        const report = heard(child, (message) => message.report)
        child.send(order)
        return report
      })
    )
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.children_.map(async (child) => {
        const exit = once(child, "exit")
        child.disconnect()
        await exit
      })
    )
  }
}

function heard<T>(
  child: ChildProcess,
  find: (message: Message) => T | undefined
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`The process ended with ${code}`))
    const onMessage = (message: Message) => {
      const found = find(message)
      if (found !== undefined) {
        child.off("message", onMessage)
        child.off("exit", onExit)
        resolve(found)
      }
    }
    child.on("message", onMessage)
    child.once("exit", onExit)
  })
}
