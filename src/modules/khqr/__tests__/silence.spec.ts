import { refuse, type Outcome } from "../../../bakong"
import type { CheckResult } from "../../../gateways"
import { Silence } from "../silence"
import { NOT_FOUND, unknown } from "./world"

const CHECK = {
  endpoint: "/v1/check_transaction_by_md5",
  purpose: "check" as const,
  chargeIds: ["khqr_1"],
  requestId: "r1",
  needsToken: true,
}

const result = (
  outcome: Outcome,
  told: Partial<CheckResult["call"]> = { sent: true }
): CheckResult => ({
  charge_id: "khqr_1",
  outcome,
  call: { ...refuse(CHECK, unknown()).call, ...told },
})

function listen(isHosted = false) {
  const lines: string[] = []
  const note = ((line: string) => lines.push(line)) as never
  const silence = new Silence({ warn: note, info: note }, isHosted)
  return {
    lines,
    hear: (...results: CheckResult[]) => silence.hear(results),
  }
}

it("is told once, and once when it is over", () => {
  const { lines, hear } = listen()
  hear(result(unknown("unavailable")))
  hear(result(unknown("unavailable")))
  hear(result(unknown("unavailable")), result(NOT_FOUND))
  hear(result(NOT_FOUND))
  expect(lines).toEqual([
    expect.stringMatching(/^KHQR: Bakong does not tell .*Nothing expires/),
    "KHQR: Bakong answers again",
  ])
})

it("names the mend of a server that stands abroad", () => {
  const { lines, hear } = listen()
  hear(result(unknown("forbidden")))
  expect(lines[0]).toContain("bakong.proxyUrl")
})

it("is not told again where the quota and the token have notices of their own", () => {
  const { lines, hear } = listen()
  hear(result(unknown("quota_spent")))
  hear(result(unknown("unauthorized"), { sent: true, responseCode: 1 }))
  hear(result(unknown("unauthorized"), { sent: false }))
  expect(lines).toEqual([])
})

it("is told where a 401 was a page of something on the way, of which no notice tells", () => {
  const { lines, hear } = listen()
  hear(result(unknown("unauthorized"), { sent: true, responseCode: null }))
  expect(lines[0]).toContain("khqr doctor")
})

it("of a hosted gateway that refuses its key is told, and Bakong is not blamed", () => {
  const { lines, hear } = listen(true)
  hear(result(unknown("unauthorized")))
  hear(result(unknown("forbidden")))
  expect(lines[0]).toContain("gateway.key")
  expect(lines.join()).not.toContain("Bakong")
})
