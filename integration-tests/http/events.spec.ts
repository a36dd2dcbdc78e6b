import type { AxiosInstance } from "axios"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { Reader } from "./reader"
import { eventually, startBank, World } from "./world"

const bank = startBank()

medusaIntegrationTestRunner({
  moduleName: "khqr-events",
  hooks: {
    // The hardest case: a shop that compresses all it can.
    beforeServerStart: async (container) => {
      const { projectConfig } = container.resolve(
        ContainerRegistrationKeys.CONFIG_MODULE
      )
      projectConfig.http.compression = { enabled: true, threshold: 0 }
    },
  },
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const readers: Reader[] = []

    beforeAll(() => world.open())
    afterEach(async () => {
      readers.splice(0).forEach((reader) => reader.close())
      await eventually(async () => expect(world.khqr.hub.streams).toBe(0))
    })

    const read = async (
      sessionId: string,
      headers: Record<string, string> = {}
    ): Promise<Reader> => {
      const { baseURL } = (api as AxiosInstance).defaults
      const reader = await Reader.open(
        `${baseURL}/store/khqr/payment-sessions/${sessionId}/events`,
        {
          ...world.headers.headers,
          "accept-encoding": "gzip, br",
          ...headers,
        }
      )
      readers.push(reader)
      return reader
    }

    it("tells a page what it shows, that it is paid, and the order, and ends", async () => {
      const { sessionId, qr } = await world.checkout()
      const page = await read(sessionId)
      expect(page.status).toBe(200)
      expect(page.response.headers).toMatchObject({
        "content-type": "text/event-stream",
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no",
      })
      expect(page.response.headers["content-encoding"]).toBeUndefined()
      await page.shows({ status: "pending", qr })
      expect(page.asides).toEqual(["retry: 2000"])

      bank().pay({ qr })
      await world.tick()
      const { charge } = await page.shows({ status: "completed" })
      await page.ended()
      expect(charge).toEqual({
        ...(await world.view(sessionId)),
        server_time: charge.server_time,
      })
      expect(page.events.map((event) => event.event)).toEqual(
        page.events.map(() => "charge")
      )
    })
  },
})
