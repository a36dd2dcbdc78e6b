import type { Report } from "../examine"
import { about, hasFailure } from "../finding"
import { breakLines, breakWords } from "../lines"
import { presentReport } from "../report"

const { ok, warning, failure, skipped } = about("token")

const plain = { width: 60, colours: false }

const asked = "Bakong"

describe("a report", () => {
  it("has a line for each finding, as wide as the screen, and a summary", () => {
    const findings = [
      about("options").ok("Lucky Shop is paid at lucky_shop@aclb"),
      warning("3 days left, and it does not renew itself", "set a new one"),
      about("deep link").skipped("the gateway brings its own"),
    ]
    expect(presentReport({ findings, questions: 1, asked }, plain)).toBe(
      [
        "ok       options    Lucky Shop is paid at lucky_shop@aclb",
        "warning  token      3 days left, and it does not renew",
        "                    itself — set a new one",
        "skipped  deep link  the gateway brings its own",
        "",
        "1 ok, 1 warning, 0 failures, 1 skipped. Asked Bakong 1 time.",
      ].join("\n")
    )
  })

  it("says when nobody was asked", () => {
    expect(
      presentReport({ findings: [ok("fine")], questions: 0, asked }, plain)
    ).toMatch(/1 ok, 0 warnings, 0 failures\. Asked Bakong nothing\.$/)
  })

  it("paints the level and nothing else", () => {
    const report: Report = {
      findings: [failure("none")],
      questions: 0,
      asked,
    }
    expect(presentReport(report, { width: 60, colours: true })).toMatch(
      /^\u001b\[31mfailure\u001b\[0m {2}token {2}none\n/
    )
  })

  it("fails by a failure only", () => {
    expect(hasFailure([ok("a"), warning("b"), skipped("c")])).toBe(false)
    expect(hasFailure([ok("a"), failure("b")])).toBe(true)
  })

  it("keeps a long word whole", () => {
    expect(breakLines("see https://example.com/long ok", 10)).toEqual([
      "see",
      "https://example.com/long",
      "ok",
    ])
  })

  it("breaks a long word where a column is narrow", () => {
    expect(breakWords("to lucky_shop@aclb ok", 10)).toEqual([
      "to",
      "lucky_shop",
      "@aclb",
      "ok",
    ])
    expect(breakWords("", 10)).toEqual([""])
  })
})
