it("can be imported where there is no DOM", async () => {
  const { KhqrPaymentElement } = await import("../index")

  expect(KhqrPaymentElement).toBeDefined()
})
