import { defineConfig } from "@medusajs/framework/utils"

import { readShop } from "../shop"

const OPTIONS = { merchant: { name: "Lucky Shop" } }

const payment = (resolve = "medusa-payment-khqr/providers/khqr") => ({
  resolve: "@medusajs/medusa/payment",
  dependencies: ["khqr"],
  options: { providers: [{ resolve, id: "bakong" }] },
})

const WHOLE = {
  plugin: { options: OPTIONS },
  payment: { dependsOnKhqr: true, providerIds: ["pp_khqr_bakong"] },
}

describe("what medusa-config says", () => {
  it("is found in what defineConfig makes of it", () => {
    const config = defineConfig({
      projectConfig: {
        databaseUrl: "postgres://localhost/shop",
        databaseSchema: "sales",
        databaseDriverOptions: { ssl: false },
        http: { storeCors: "", adminCors: "", authCors: "" },
      },
      plugins: [{ resolve: "medusa-payment-khqr", options: OPTIONS }],
      modules: [payment()],
    })
    expect(readShop(config)).toEqual({
      ...WHOLE,
      database: {
        url: "postgres://localhost/shop",
        schema: "sales",
        driverOptions: { ssl: false },
      },
    })
  })

  it.each([
    [
      "a plain object with a list of modules",
      {
        plugins: [{ resolve: "medusa-payment-khqr", options: OPTIONS }],
        modules: [payment()],
      },
    ],
    [
      "a plugin in a folder of the shop",
      {
        plugins: [
          "@medusajs/draft-order",
          { resolve: "./plugins/medusa-payment-khqr/", options: OPTIONS },
        ],
        modules: { payment: payment() },
      },
    ],
    [
      "a root that registers the module by its path",
      {
        modules: {
          khqr: { resolve: "./src/modules/khqr", options: OPTIONS },
          payment: payment("./src/providers/khqr"),
        },
      },
    ],
    [
      "paths of Windows",
      {
        modules: [
          { resolve: "C:\\shop\\src\\modules\\khqr", options: OPTIONS },
          payment("C:\\shop\\src\\providers\\khqr\\index.js"),
        ],
      },
    ],
  ])("is found in %s", (_, config) => {
    expect(readShop(config)).toMatchObject(WHOLE)
  })

  it("names a provider without an id as Medusa does", () => {
    const { options } = payment()
    const [{ resolve }] = options.providers
    expect(
      readShop({
        modules: {
          payment: { ...payment(), options: { providers: [{ resolve }] } },
        },
      }).payment.providerIds
    ).toEqual(["pp_khqr"])
  })

  it.each([
    undefined,
    null,
    "medusa",
    {},
    { modules: { payment: true }, plugins: [null, 1] },
    { modules: [null], plugins: {} },
    {
      modules: { payment: { options: { providers: [null, { resolve: {} }] } } },
    },
  ])("is nothing in %j", (config) => {
    expect(readShop(config)).toEqual({
      plugin: null,
      payment: { dependsOnKhqr: false, providerIds: [] },
      database: { url: undefined, schema: undefined, driverOptions: {} },
    })
  })
})
