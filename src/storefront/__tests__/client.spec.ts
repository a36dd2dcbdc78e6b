import { createKhqrClient } from "../client"

const ROOT = "https://shop.test/store/khqr/payment-sessions"

const client = createKhqrClient({
  baseUrl: "https://shop.test/",
  publishableKey: "pk_test",
})

let fetchMock: jest.SpyInstance<
  Promise<Response>,
  Parameters<typeof globalThis.fetch>
>

beforeEach(() => {
  jest.useFakeTimers()
  fetchMock = jest.spyOn(globalThis, "fetch")
})

afterEach(() => {
  jest.useRealTimers()
  jest.restoreAllMocks()
})

function answer(status: number, body: unknown): () => Promise<Response> {
  return async () =>
    new Response(typeof body === "string" ? body : JSON.stringify(body), {
      status,
    })
}

const pending = { charge: { id: "khqrch_1", status: "pending" } }

describe("asking once", () => {
  it("sends the publishable key and escapes the session id", async () => {
    fetchMock.mockImplementation(answer(200, pending))

    await expect(client.retrieve("payses/1")).resolves.toEqual(pending.charge)

    const [url, init] = fetchMock.mock.calls[0]
    expect(url).toBe(`${ROOT}/payses%2F1`)
    expect(init).toMatchObject({
      method: "GET",
      cache: "no-store",
      headers: { "x-publishable-api-key": "pk_test" },
    })
  })

  it("posts a signal with its kind", async () => {
    fetchMock.mockImplementation(answer(202, pending))

    await client.signal("payses_1", "claims_paid")

    expect(fetchMock.mock.calls[0]).toMatchObject([
      `${ROOT}/payses_1/signals`,
      { method: "POST", body: `{"kind":"claims_paid"}` },
    ])
  })

  it.each([
    [404, { message: "Unknown session" }, "not_found", "Unknown session"],
    [409, { message: "It is paid" }, "conflict", "It is paid"],
    [400, { message: "A valid key is needed" }, "refused", "A valid key is"],
    [429, "", "unreachable", "429"],
    [502, "<html>", "unreachable", "502"],
    [200, "<html>", "unreachable", "without a charge"],
  ])(
    "reads HTTP %d as its kind of error",
    async (status, body, kind, words) => {
      fetchMock.mockImplementation(answer(status, body))

      await expect(client.renew("payses_1")).rejects.toMatchObject({
        kind,
        status,
        message: expect.stringContaining(words),
      })
    }
  )

  it.each([
    [409, "already_paid", "already_paid"],
    [409, "session_gone", "session_gone"],
    [409, "switched_off", "switched_off"],
    [409, undefined, null],
    [409, "something_new", null],
    [404, "session_gone", null],
  ])("reads the reason of HTTP %d with code %s", async (status, code, read) => {
    fetchMock.mockImplementation(
      answer(status, { type: "not_allowed", code, message: "No" })
    )

    await expect(client.renew("payses_1")).rejects.toMatchObject({ code: read })
  })

  it.each([
    [422, "receipt_not_found"],
    [422, "receipt_mismatch"],
    [409, "receipt_used"],
    [409, "receipt_unsupported"],
    [429, "too_many_attempts"],
    [503, "receipt_unknown"],
  ])("reads why a receipt is refused: HTTP %d, %s", async (status, code) => {
    fetchMock.mockImplementation(answer(status, { code, message: "No" }))

    await expect(client.receipt("payses_1", "1a2b3c4d")).rejects.toMatchObject({
      code,
    })
    expect(fetchMock.mock.calls[0]).toMatchObject([
      `${ROOT}/payses_1/receipt`,
      { method: "POST", body: `{"hash":"1a2b3c4d"}` },
    ])
  })

  it("sends the KHQR of a storefront that makes its own", async () => {
    fetchMock.mockImplementation(answer(200, pending))

    await client.renew("payses_1", "000201")
    await client.renew("payses_1")

    expect(fetchMock.mock.calls.map(([, init]) => init?.body)).toEqual([
      `{"qr":"000201"}`,
      "{}",
    ])
  })

  it("gives up on a server that does not answer in 10 s", async () => {
    fetchMock.mockImplementation(
      (_, init) =>
        new Promise((_resolve, reject) =>
          init?.signal?.addEventListener("abort", () =>
            reject(new Error("aborted"))
          )
        )
    )

    const asked = expect(client.retrieve("payses_1")).rejects.toMatchObject({
      kind: "unreachable",
      status: null,
    })
    await jest.advanceTimersByTimeAsync(10_000)
    await asked
  })
})
