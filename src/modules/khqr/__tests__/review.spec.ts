import { describeReview } from "../review"
import { REVIEW_REASONS } from "../state"
import { charge } from "./world"

const came = {
  paid_amount: "5",
  paid_currency: "USD",
  paid_to: "stranger@devb",
}

it("tells what came and what was asked", () => {
  expect(
    describeReview(charge({ ...came, review_reason: "amount_mismatch" }))
  ).toBe("5 USD came, 11 USD was asked: no order is made, a person decides")
  expect(
    describeReview(charge({ ...came, review_reason: "wrong_account" }))
  ).toContain("went to stranger@devb, not to lucky_shop@aclb")
})

it("has a sentence of its own for each reason", () => {
  const sentences = REVIEW_REASONS.filter(
    (reason) => reason !== "currency_mismatch"
  ).map((review_reason) => describeReview(charge({ ...came, review_reason })))
  expect(new Set(sentences).size).toBe(REVIEW_REASONS.length - 1)
})
