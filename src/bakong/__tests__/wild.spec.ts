import { readCheck, readCheckList } from "../outcome"
import { MD5, OTHER_MD5 } from "./bank"

const answer = (text: string) => ({
  status: 200,
  retryAfter: null,
  text,
  receivedAt: 0,
})

/** Forms of answers as public integrations have met them, beyond NBC's document. */
describe("An answer as met in the wild", () => {
  it("has no errorCode, its amount as text and its dates as floats", () => {
    expect(
      readCheck(
        answer(`{
          "responseCode": 0,
          "responseMessage": "Success",
          "data": {
            "hash": "8465d722d7d5065f2886f0a474a4d34dc6a7855355b611836f7b6111228893e9",
            "fromAccountId": "payer@devb",
            "toAccountId": "shop@devb",
            "currency": "KHR",
            "amount": "142100.00",
            "description": "",
            "createdDateMs": 1.5869328820E12,
            "acknowledgedDateMs": 1586932883000.0,
            "trackingStatus": null,
            "receiverBank": null,
            "receiverBankAccount": null,
            "instructionRef": null,
            "externalRef": "100FT00000000001"
          }
        }`)
      )
    ).toMatchObject({
      type: "paid",
      transaction: {
        currency: "KHR",
        amount: "142100.00",
        description: null,
        createdAt: 1_586_932_882_000,
        acknowledgedAt: 1_586_932_883_000,
        trackingStatus: null,
        externalRef: "100FT00000000001",
      },
    })
  })

  it("has a float for an amount, and no cent is lost", () => {
    const text = (amount: string) =>
      `{"responseCode":0,"responseMessage":"Getting transaction successfully.","errorCode":null,"data":{"hash":"8465d722d7d5065f2886f0a474a4d34dc6a7855355b611836f7b6111228893e9","fromAccountId":"payer@devb","toAccountId":"shop@devb","currency":"USD","amount":${amount},"description":"testing","createdDateMs":1586932882000.0,"acknowledgedDateMs":1586932883000.0}}`
    for (const amount of ["0.1", "1.0", "4503599627370496.01", "10.10"]) {
      expect(readCheck(answer(text(amount)))).toMatchObject({
        transaction: { amount },
      })
    }
  })

  it("has the fields of a transfer inline in a list", () => {
    const outcomes = readCheckList(
      answer(`{
        "responseCode": 0,
        "responseMessage": "Success",
        "data": [
          {
            "md5": "${OTHER_MD5}",
            "status": "NOT_FOUND",
            "message": "Transaction could not be found. Please check and try again."
          },
          {
            "md5": "${MD5}",
            "status": "SUCCESS",
            "hash": "8465d722d7d5065f2886f0a474a4d34dc6a7855355b611836f7b6111228893e9",
            "fromAccountId": "payer@devb",
            "toAccountId": "shop@devb",
            "currency": "USD",
            "amount": "12.50",
            "createdDateMs": 1586932882000.5
          }
        ]
      }`),
      [MD5, OTHER_MD5]
    )
    expect([...outcomes.values()]).toMatchObject([
      {
        type: "paid",
        transaction: { amount: "12.50", createdAt: 1_586_932_882_000 },
      },
      { type: "not_found" },
    ])
  })
})
