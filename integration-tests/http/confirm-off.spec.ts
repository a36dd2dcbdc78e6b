import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import { Staff } from "./staff"
import { startBank, World } from "./world"

startBank()

beforeAll(() => {
  process.env.KHQR_MANUAL_CONFIRMATION = "false"
})
afterAll(() => {
  delete process.env.KHQR_MANUAL_CONFIRMATION
})

medusaIntegrationTestRunner({
  moduleName: "khqr-confirm-off",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    const staff = new Staff(api, world)

    beforeAll(() => world.open())
    beforeEach(() => staff.login())

    it("is refused with the option's name where the shop does not take a person's word", async () => {
      const { chargeId } = await world.checkout()
      expect(
        await staff.post(`/charges/${chargeId}/confirm`, {
          reference: "FT26325XYZ",
          reason: "The money is in the account",
        })
      ).toMatchObject({
        status: 409,
        data: {
          code: "not_possible",
          message: expect.stringContaining("manualConfirmation"),
        },
      })
      expect((await world.charge(chargeId)).status).toBe("pending")
    })
  },
})
