import request from "supertest"
import { buildKhqr, type KhqrCurrency } from "../../khqr"
import { startSimulator } from ".."
import type { Simulator, SimulatorOptions } from "../types"

export const NOW = Date.parse("2026-03-01T03:00:00Z")
export const UNPAID = "0123456789abcdef0123456789abcdef"

const running: Simulator[] = []

/** A simulator whose clock stands still until moved. */
export const start = async (options: SimulatorOptions = {}) => {
  const clock = { now: NOW }
  const simulator = await startSimulator({ now: () => clock.now, ...options })
  running.push(simulator)
  return { simulator, clock }
}

/** Calls the Open API, by default with the simulator's own token. */
export const call = (
  simulator: Simulator,
  name: string,
  body: object,
  token: string | null = simulator.token
) => {
  const asked = request(simulator.url).post(`/v1/${name}`)
  return (
    token === null ? asked : asked.set("Authorization", `Bearer ${token}`)
  ).send(body)
}

export const closeAll = async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()))
}

let bills = 0

export const dynamicQr = (
  changes: {
    amount?: string
    currency?: KhqrCurrency
    merchantName?: string
  } = {}
) =>
  buildKhqr(
    {
      receiver: { type: "individual", accountId: "shop@devb" },
      amount: "12.5",
      currency: "USD",
      merchantName: "Lotus",
      billNumber: `bill-${++bills}`,
      expiresAt: NOW + 600_000,
      ...changes,
    },
    NOW
  )

export const staticQr = () =>
  buildKhqr(
    {
      type: "static",
      receiver: { type: "individual", accountId: "shop@devb" },
      currency: "USD",
      merchantName: "Lotus",
    },
    NOW
  )
