import type { Diagnosis } from "../../modules/khqr/bank/diagnose"
import { presentDiagnosis } from "../diagnosis"

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
  notes: ["By md5 Bakong shows a transfer, the charge is pending"],
  questions: 2,
}

it("lays what the bank says beside what the ledger believes", () => {
  expect(presentDiagnosis(diagnosis).split("\n")).toEqual([
    "Charge khqr_01, reference K1ABC, order none",
    "md5 abababababababababababababababab, good until 2026-11-21 12:10:00Z, next question none",
    "",
    "           ledger                by md5                by short hash",
    "asked for  –                     abababababababab…     01234567",
    "says       pending               paid                  not_found",
    "transfer   –                     0123456789abcdef…     –",
    "amount     11 USD                11 USD                –",
    "paid by    –                     sok@devb              –",
    "paid to    a_very_long_account…  lucky@aclb            –",
    "paid at    –                     2026-11-21 12:05:00Z  –",
    "HTTP       –                     200                   200",
    "code       –                     –                     1",
    "took       –                     12 ms                 9 ms",
    "",
    "By md5 Bakong shows a transfer, the charge is pending",
    "Bakong and the ledger do not agree. Asked Bakong 2 times.",
  ])
})

it("counts one question as one", () => {
  expect(
    presentDiagnosis({ ...diagnosis, agrees: true, notes: [], questions: 1 })
  ).toMatch(/\n\nBakong and the ledger agree\. Asked Bakong 1 time\.$/)
})
