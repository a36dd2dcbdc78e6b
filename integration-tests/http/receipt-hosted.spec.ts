import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { startBank, World } from "./world"

const bank = startBank()

// A hosted gateway knows payments by its own ids and looks no transfer up by a hash.
beforeAll(() => {
  const { url, merchantId, key } = bank().hosted
  delete process.env.BAKONG_TOKEN
  delete process.env.KHQR_ENCRYPTION_KEY
  process.env.KHQR_HOSTED_URL = url
  process.env.KHQR_HOSTED_MERCHANT_ID = merchantId
  process.env.KHQR_HOSTED_KEY = key
})

afterAll(() => {
  delete process.env.KHQR_HOSTED_URL
  delete process.env.KHQR_HOSTED_MERCHANT_ID
  delete process.env.KHQR_HOSTED_KEY
})

medusaIntegrationTestRunner({
  moduleName: "khqr-receipt-hosted",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)

    beforeAll(() => world.open())

    it("refuses a receipt where the gateway cannot look it up, in words and without counting it", async () => {
      const { sessionId, chargeId } = await world.checkout()
      const { status, data } = await world.post(
        `/store/khqr/payment-sessions/${sessionId}/receipt`,
        { hash: "deadbeef" }
      )
      expect({ status, data }).toMatchObject({
        status: 409,
        data: {
          code: "receipt_unsupported",
          message: expect.stringContaining("show it to the shop"),
        },
      })
      expect(await world.sql("SELECT id FROM khqr_attempt")).toEqual([])
      expect((await world.charge(chargeId)).status).toBe("pending")
    })
  },
})
