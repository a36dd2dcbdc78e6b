import type {
  DiagnosedAnswer,
  Diagnosis,
} from "../../modules/khqr/bank/diagnose"
import { isSettled, presentDiagnosis } from "../diagnosis"
import type { Server } from "../server"

const HASH = "0123456789abcdef".repeat(4)

const diagnosis: Diagnosis = {
  ledger: {
    id: "khqr_01",
    reference: "K1ABC",
    md5: "ab".repeat(16),
    status: "pending",
    review_reason: null,
    khqr_amount: "11",
    currency: "USD",
    account_id: "a_very_long_account_name@aclb",
    bank_hash: null,
    paid_amount: null,
    paid_currency: null,
    paid_to: null,
    payer_account: null,
    paid_at: null,
    last_outcome: null,
    last_checked_at: null,
    next_check_at: null,
    expires_at: "2026-11-21T12:10:00.000Z",
    order_id: null,
  },
  answers: [
    {
      asked_by: "md5",
      value: "ab".repeat(16),
      outcome: "paid",
      sent: true,
      http_status: 200,
      response_code: 0,
      error_code: null,
      message: "Success",
      duration_ms: 12,
      transaction: {
        hash: HASH,
        amount: "11",
        currency: "USD",
        from: "sok@devb",
        to: "lucky@aclb",
        paid_at: "2026-11-21T12:05:00.000Z",
        tracking_status: null,
      },
    },
    {
      asked_by: "short_hash",
      value: HASH.slice(0, 8),
      outcome: "not_found",
      sent: true,
      http_status: 200,
      response_code: 1,
      error_code: 1,
      message: "not found",
      duration_ms: 9,
      transaction: null,
    },
  ],
  agrees: false,
  notes: [
    "The bank shows a transfer for this KHQR, and the charge is pending: check it now, and it is recorded",
  ],
  questions: 2,
}

const bakong: Server = {
  name: "Bakong",
  host: "bank.test",
  optionOfUrl: "bakong.baseUrl",
  proxy: null,
}

const gateway: Server = {
  name: "the gateway",
  host: "pay.test",
  optionOfUrl: "gateway.baseUrl",
  proxy: null,
}

const look = { width: 100, now: new Date("2026-11-21T12:00:00Z") }

const present = (of: Diagnosis, server = bakong) =>
  presentDiagnosis(of, server, look).split("\n")

const [own, byHash] = diagnosis.answers

/** The bank gave no answer that counts. */
const silent = (said: Partial<DiagnosedAnswer>): Diagnosis => {
  const answer: DiagnosedAnswer = {
    ...own,
    transaction: null,
    response_code: null,
    ...said,
  }
  return {
    ...diagnosis,
    agrees: null,
    notes: [
      `The bank could not be asked, so this says nothing about the payment: ${answer.message}`,
    ],
    answers: [answer],
    questions: answer.sent ? 1 : 0,
  }
}

it("lays what the bank says beside what the ledger believes", () => {
  expect(present(diagnosis)).toEqual([
    "Charge khqr_01, reference K1ABC, order none",
    "md5 abababababababababababababababab",
    "good until 19:10 (Phnom Penh), next question none",
    "",
    "            ledger                by md5                by short hash",
    "asked with  –                     abababababababab…     01234567",
    "was to pay  11 USD to             –                     –",
    "            a_very_long_account_",
    "            name@aclb",
    "says        pending               paid                  not found",
    "transfer    –                     0123456789abcdef…     –",
    "amount      –                     11 USD                –",
    "paid by     –                     sok@devb              –",
    "paid to     –                     lucky@aclb            –",
    "paid at     –                     19:05 (Phnom Penh)    –",
    "HTTP        –                     200                   200",
    "code        –                     –                     1",
    "took        –                     12 ms                 9 ms",
    "",
    "The bank shows a transfer for this KHQR, and the charge is pending: check it now, and it is recorded",
    "To check it now: POST /admin/khqr/charges/khqr_01/check",
    "Bakong and the ledger do not agree. Asked Bakong 2 times.",
  ])
})

it("counts one question as one", () => {
  const agreed = { ...diagnosis, agrees: true, notes: [], questions: 1 }
  expect(present(agreed).slice(-2)).toEqual([
    "",
    "Bakong and the ledger agree. Asked Bakong 1 time.",
  ])
})

it("cuts no review reason, no status and no date", () => {
  const text = present({
    ...diagnosis,
    agrees: true,
    ledger: {
      ...diagnosis.ledger,
      status: "completed",
      review_reason: "currency_mismatch",
      bank_hash: HASH,
      paid_amount: "12000",
      paid_currency: "KHR",
      paid_at: "2026-11-20T12:05:00.000Z",
    },
    answers: [{ ...byHash, outcome: "unknown:configuration" }, own],
    notes: ["12000 KHR came, 11 USD was asked: no order is made"],
  }).join("\n")
  expect(text).toMatch(
    /^says {8}completed {13}unknown {15}paid\n {12}\(currency_mismatch\) {3}\(configuration\)$/m
  )
  expect(text).toMatch(/^amount {6}12000 KHR {8}/m)
  expect(text).toMatch(/^paid at {5}2026-11-20 19:05 .*\n {12}\(Phnom Penh\)$/m)
})

describe("a bank that could not be asked", () => {
  const LAST =
    "The bank could not be asked, so this says nothing about the payment."

  it("is told in the doctor's words, and last what follows", () => {
    const lines = present(
      silent({
        outcome: "unknown:forbidden",
        http_status: 403,
        message: "HTTP 403",
      })
    )
    const said = lines.join(" ")
    expect(said).toContain(
      "bank.test lets nobody in from here (HTTP 403): it takes callers from inside Cambodia only — run the shop's server in Cambodia"
    )
    expect(lines.slice(-2)).toEqual(["Asked Bakong 1 time.", LAST])
    expect(said.split("could not be asked")).toHaveLength(2)
  })

  it("is told without codes of the network", () => {
    const said = present(
      silent({
        outcome: "unknown:unavailable",
        http_status: null,
        message: "The server could not be asked: ECONNREFUSED",
      })
    ).join(" ")
    expect(said).toContain("bank.test refuses connections")
    expect(said).not.toContain("ECONNREFUSED")
  })

  it("because our own gate refused, is told in the gate's words", () => {
    const message =
      "The day's calls are used up; Bakong is asked again at 00:00"
    const lines = present(
      silent({ outcome: "unknown:quota_spent", sent: false, message })
    )
    expect(lines.slice(-3)).toEqual([message, "Asked Bakong 0 times.", LAST])
  })

  it("is not said of a bank that told about the transfer", () => {
    const { answers, ...rest } = silent({ outcome: "unknown:unavailable" })
    const lines = present({
      ...rest,
      answers: [...answers, byHash],
      notes: ["By md5 the bank gave no answer that counts: HTTP 500"],
    })
    expect(lines.slice(-3)).toEqual([
      "By md5 the bank gave no answer that counts: HTTP 500",
      "Asked Bakong 1 time.",
      "By md5 the bank told nothing, so this says nothing about the payment.",
    ])
  })
})

it("speaks of a gateway where one was asked, and shows its ids whole", () => {
  const hash = "pay.test/0123456789abcdef0123456789"
  const lines = present(
    {
      ...diagnosis,
      agrees: true,
      notes: [],
      ledger: { ...diagnosis.ledger, bank_hash: hash, paid_amount: "11" },
      answers: [
        {
          ...own,
          asked_by: "gateway_ref",
          transaction: { ...own.transaction!, hash },
        },
      ],
      questions: 1,
    },
    gateway
  )
  expect(lines).toEqual(
    expect.arrayContaining([
      "transfer    pay.test/0123456789a  pay.test/0123456789a",
      "            bcdef0123456789       bcdef0123456789",
    ])
  )
  expect(lines.at(-1)).toBe(
    "The gateway and the ledger agree. Asked the gateway 1 time."
  )
  expect(lines.join()).not.toContain("Bakong")
  expect(
    present(silent({ outcome: "unknown:unavailable" }), gateway).at(-1)
  ).toBe(
    "The gateway could not be asked, so this says nothing about the payment."
  )
})

describe("nobody has to look", () => {
  const waiting: Diagnosis = {
    ...diagnosis,
    agrees: true,
    ledger: { ...diagnosis.ledger, review_reason: "amount_mismatch" },
    notes: ["8 USD came, 11 USD was asked"],
  }

  it("where both agree and nothing waits for a person", () => {
    expect(isSettled({ ...diagnosis, agrees: true })).toBe(true)
    expect(isSettled(diagnosis)).toBe(false)
    expect(isSettled({ ...diagnosis, agrees: null })).toBe(false)
    expect(isSettled(waiting)).toBe(false)
  })

  it("and it is said where somebody has", () => {
    expect(present(waiting).at(-1)).toBe(
      "Bakong and the ledger agree, and the charge waits for a person. Asked Bakong 2 times."
    )
  })
})
