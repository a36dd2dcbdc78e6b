import { readCheck, readCheckList } from "../outcome"
import { MAX_RETRY_AFTER_MS, readRetryAfter } from "../trouble"
import { list, MD5, OTHER_MD5, paid, refused, transaction } from "./bank"

const answer = (body: unknown, status = 200) => ({
  status,
  retryAfter: null,
  text: typeof body === "string" ? body : JSON.stringify(body),
  receivedAt: 0,
})

const read = (body: unknown, status?: number) => readCheck(answer(body, status))

const readList = (body: unknown, md5s = [MD5, OTHER_MD5], status?: number) => {
  const outcomes = readCheckList(answer(body, status), md5s)
  expect([...outcomes.keys()]).toEqual(md5s)
  return md5s.map((md5) => outcomes.get(md5)!)
}

describe("a success", () => {
  it("is read into a transaction", () => {
    const outcome = read(
      paid({
        hash: transaction().hash.toUpperCase(),
        createdDateMs: 1700000000000.75,
        acknowledgedDateMs: null,
        trackingStatus: "SUCCESS",
        receiverBank: "Bank",
        receiverBankAccount: "123",
        instructionRef: "ref",
        externalRef: null,
      })
    )
    expect(outcome).toEqual({
      type: "paid",
      transaction: {
        hash: transaction().hash,
        fromAccountId: "payer@devb",
        toAccountId: "shop@devb",
        currency: "USD",
        amount: "34.65",
        description: "testing",
        createdAt: 1700000000000,
        acknowledgedAt: null,
        trackingStatus: "SUCCESS",
        receiverBank: "Bank",
        receiverBankAccount: "123",
        instructionRef: "ref",
        externalRef: null,
      },
    })
  })

  it("does not need the fields of later versions, nor an errorCode", () => {
    const body = { ...paid({ description: undefined }), errorCode: undefined }
    expect(read(body)).toMatchObject({
      type: "paid",
      transaction: { description: null, createdAt: null, trackingStatus: null },
    })
  })

  it.each([
    ["10.10", "10.10"],
    ["1e2", "100"],
    ["1.5E+3", "1500"],
    ["125e-2", "1.25"],
    ["5e-3", "0.005"],
    ["130000000000", "130000000000"],
    ["12345678901234567890.12", "12345678901234567890.12"],
    ["0.1", "0.1"],
    ["1.0", "1.0"],
    ['"34.65"', "34.65"],
    ['" 142100 "', "142100"],
    ['"007.50"', "7.50"],
  ])("keeps the amount %s exact", (written, amount) => {
    const text = JSON.stringify(paid({ amount: "AMOUNT" }))
    expect(read(text.replace('"AMOUNT"', written))).toMatchObject({
      type: "paid",
      transaction: { amount },
    })
  })

  it("does not mistake a description for an amount", () => {
    const description = 'say \\"amount\\": 5, "amount": 7'
    expect(read(paid({ description }))).toMatchObject({
      transaction: { description, amount: "34.65" },
    })
  })

  it.each([
    { hash: "" },
    { hash: "8465d722" },
    { hash: "g".repeat(64) },
    { hash: null },
    { amount: 0 },
    { amount: -1 },
    { amount: true },
    { amount: "1,000" },
    { amount: "" },
    { amount: null },
    { amount: "1e999" },
    { amount: "NaN" },
    { currency: null },
    { currency: "US DOLLAR" },
    { toAccountId: " " },
    { fromAccountId: 5 },
  ])("with %j is no proof", (changes) => {
    expect(read(paid(changes))).toMatchObject({
      type: "unknown",
      reason: "unreadable",
    })
  })

  it.each([null, [], "paid", 1, [transaction()]])(
    "with the data %j is no proof",
    (data) => {
      expect(read({ ...paid(), data })).toMatchObject({ reason: "unreadable" })
    }
  )

  it.each([
    ["REFUNDED_BY_RECEIVER", "refunded_by_receiver"],
    ["FAILED_AT_ACH", "failed_at_ach"],
    ["failed_at_ach", "failed_at_ach"],
  ])("with the tracking status %s did not stand", (trackingStatus, reason) => {
    expect(read(paid({ trackingStatus }))).toMatchObject({
      type: "failed",
      reason,
      transaction: { amount: "34.65" },
    })
  })

  it.each([201, 302, 400, 404])("with HTTP %d is no proof", (status) => {
    expect(read(paid(), status)).toMatchObject({ type: "unknown" })
  })

  it("with the quota's words waits: they are never sent with a success", () => {
    const body = { ...paid(), responseMessage: "DAILY REQUEST LIMIT reached" }
    expect(read(body)).toMatchObject({ reason: "quota_spent" })
  })
})

describe("not found", () => {
  it("may come with a code in a string", () => {
    expect(read(refused("1"))).toEqual({ type: "not_found" })
  })

  it.each([
    { responseCode: "1", errorCode: 1, responseMessage: "x", data: null },
    { responseCode: 2, errorCode: 1, responseMessage: "x", data: null },
    { responseCode: true, errorCode: 1, responseMessage: "x" },
    { errorCode: 1, responseMessage: "Transaction could not be found." },
    refused(null, "Transaction could not be found."),
    refused("one"),
    { ...refused(1), data: transaction() },
    [refused(1)],
    null,
    1,
  ])("is not concluded from %j", (body) => {
    expect(read(body)).toMatchObject({ type: "unknown" })
  })

  it.each([201, 301, 405, 418])("is not concluded from HTTP %d", (status) => {
    expect(read(refused(1), status)).toMatchObject({ type: "unknown" })
  })
})

describe("a list", () => {
  const found = { md5: MD5, status: "SUCCESS", data: transaction() }
  const missing = { md5: OTHER_MD5, status: "NOT_FOUND", message: "No" }

  it.each([
    ["in order", [found, missing]],
    ["in another order", [missing, found]],
    ["with md5 in capitals", [{ ...found, md5: MD5.toUpperCase() }, missing]],
    [
      "with a status in small letters",
      [{ ...found, status: "success" }, missing],
    ],
    ["longer than asked", [{ ...found, md5: "f".repeat(32) }, found, missing]],
    ["with agreeing duplicates", [found, missing, found, missing]],
    ["with unreadable items", [null, 5, {}, { md5: 7 }, found, [], missing]],
    [
      "with `transaction` for `data`",
      [{ md5: MD5, status: "SUCCESS", transaction: transaction() }, missing],
    ],
    [
      "with the fields inline",
      [{ md5: MD5, status: "SUCCESS", ...transaction() }, missing],
    ],
  ])("%s is matched by the echoed md5", (_, items) => {
    const [first, second] = readList(list(...items))
    expect(first).toMatchObject({
      type: "paid",
      transaction: { amount: "34.65" },
    })
    expect(second).toEqual({ type: "not_found" })
  })

  it("answers under the spelling asked with", () => {
    const [outcome] = readList(list(found), [MD5.toUpperCase()])
    expect(outcome).toMatchObject({ type: "paid" })
  })

  it("says nothing about an md5 that it does not echo", () => {
    const [first, second] = readList(list(found))
    expect(first).toMatchObject({ type: "paid" })
    expect(second).toMatchObject({ type: "unknown", reason: "unreadable" })
  })

  it("is never matched by position", () => {
    const anonymous = { ...found, md5: undefined }
    const outcomes = readList(list(anonymous, { status: "NOT_FOUND" }))
    expect(outcomes).toEqual([
      expect.objectContaining({ reason: "unreadable" }),
      expect.objectContaining({ reason: "unreadable" }),
    ])
  })

  it.each([
    [found, { ...missing, md5: MD5 }],
    [found, { ...found, data: transaction({ amount: 1 }) }],
    [
      { ...missing, md5: MD5 },
      { md5: MD5, status: "SERVICE_FAILED" },
    ],
  ])("that contradicts itself is not believed", (...items) => {
    const [first, second] = readList(list(...items, missing))
    expect(first).toMatchObject({ type: "unknown", reason: "unrecognized" })
    expect(second).toEqual({ type: "not_found" })
  })

  it.each([
    ["FAILED", { type: "failed", reason: "attempt_failed" }],
    ["STATIC_QR", { type: "unknown", reason: "static_qr" }],
    ["SERVICE_FAILED", { type: "unknown", reason: "unavailable" }],
    ["PENDING", { type: "unknown", reason: "unrecognized" }],
    [undefined, { type: "unknown", reason: "unrecognized" }],
  ])("reads the status %s", (status, expected) => {
    const [first, second] = readList(list({ md5: MD5, status }, missing))
    expect(first).toMatchObject(expected)
    expect(second).toEqual({ type: "not_found" })
  })

  it("does not lose the rest to an unreadable transaction", () => {
    const broken = { ...found, data: transaction({ hash: "?" }) }
    const [first, second] = readList(list(broken, missing))
    expect(first).toMatchObject({ type: "unknown", reason: "unreadable" })
    expect(second).toEqual({ type: "not_found" })
  })

  it("does not believe NOT_FOUND beside a transaction", () => {
    const [first] = readList(list({ ...found, status: "NOT_FOUND" }))
    expect(first).toMatchObject({ type: "unknown", reason: "unrecognized" })
  })

  it.each([
    [refused(6), 200, "unauthorized"],
    [refused(17), 200, "quota_spent"],
    [refused(9), 200, "unavailable"],
    ["<html>", 403, "forbidden"],
    ["<html>", 200, "unreadable"],
    [list(found).data, 200, "unreadable"],
    [{ ...list(), data: null }, 200, "unreadable"],
    [{ ...list(), data: found }, 200, "unreadable"],
    // One answer must not expire fifty charges.
    [refused(1), 200, "unrecognized"],
    [refused(3), 200, "unrecognized"],
  ])("shares the error of its envelope %j with all", (body, status, reason) => {
    for (const outcome of readList(body, undefined, status)) {
      expect(outcome).toMatchObject({ type: "unknown", reason })
    }
  })
})

describe("Retry-After", () => {
  const now = Date.parse("2026-01-01T00:00:00Z")
  it.each([
    ["0", 0],
    ["120", 120_000],
    ["999999", MAX_RETRY_AFTER_MS],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Thu, 01 Jan 2099 00:00:30 GMT", MAX_RETRY_AFTER_MS],
    ["Thu, 01 Jan 1970 00:00:30 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["", undefined],
    [null, undefined],
  ])("%p", (header, expected) => {
    expect(readRetryAfter(header, now)).toBe(expected)
  })
})
