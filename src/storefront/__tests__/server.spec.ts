import { KhqrPaymentElement } from "../index"

it("can be imported where there is no DOM", () => {
  expect(typeof HTMLElement).toBe("undefined")
  expect(KhqrPaymentElement).toBeDefined()
})
