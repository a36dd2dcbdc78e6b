import { join } from "node:path"

import { moduleIntegrationTestRunner } from "@medusajs/test-utils"

import {
  refuse,
  unknown,
  type Exchange,
  type OutgoingCall,
} from "../../src/bakong"
import type {
  CheckResult,
  Gateway,
  GatewayFactory,
  Question,
} from "../../src/gateways"
import { KHQR_MODULE } from "../../src/modules/khqr"
import KhqrCharge from "../../src/modules/khqr/models/charge"
import KhqrEvent from "../../src/modules/khqr/models/event"
import KhqrQuota from "../../src/modules/khqr/models/quota"
import KhqrSetting from "../../src/modules/khqr/models/setting"
import KhqrToken from "../../src/modules/khqr/models/token"
import { toQuestion } from "../../src/modules/khqr/question"
import type KhqrModuleService from "../../src/modules/khqr/service"

const HASH = "ab".repeat(32)

/** What a shop might write: a bank's own API, here one that knows one transfer. */
const lucky: GatewayFactory = ({ gate }): Gateway => ({
  name: "lucky-bank",
  can: {
    makesQr: false,
    deeplinks: false,
    findsByHash: false,
    checksAccounts: false,
    usesBakongToken: false,
  },
  check: (questions, purpose) =>
    Promise.all(
      questions.map(async (question): Promise<CheckResult> => {
        const call: OutgoingCall = {
          endpoint: "lucky-bank/transfers",
          purpose,
          chargeIds: [question.charge_id],
          requestId: question.charge_id,
          needsToken: false,
        }
        const exchange = await gate.pass(call, async () => answered(call))
        return {
          charge_id: question.charge_id,
          call: exchange.call,
          outcome: exchange.trouble ?? paid(question),
        }
      })
    ),
  close: () => {},
})

function answered(call: OutgoingCall): Exchange {
  const { call: told } = refuse(call, unknown("unavailable", ""))
  return {
    call: { ...told, sent: true, httpStatus: 200, message: "Found" },
    answer: { status: 200, retryAfter: null, text: "yes", receivedAt: 0 },
    trouble: null,
    reached: true,
  }
}

function paid(question: Question): CheckResult["outcome"] {
  return {
    type: "paid",
    transaction: {
      hash: HASH,
      fromAccountId: null,
      toAccountId: null,
      currency: question.currency_code.toUpperCase(),
      amount: question.khqr_amount,
      description: null,
      createdAt: Date.now(),
      acknowledgedAt: null,
      trackingStatus: null,
      receiverBank: null,
      receiverBankAccount: null,
      instructionRef: null,
      externalRef: null,
    },
  }
}

moduleIntegrationTestRunner<KhqrModuleService>({
  moduleName: KHQR_MODULE,
  resolve: "./src/modules/khqr",
  pathToMigrations: join(process.cwd(), "src/modules/khqr/migrations"),
  moduleModels: [KhqrCharge, KhqrEvent, KhqrQuota, KhqrSetting, KhqrToken],
  moduleOptions: {
    merchant: { accountId: "lucky_shop@devb", name: "Lucky Shop" },
    gateway: lucky,
  },
  testSuite: ({ service }) => {
    it("is asked in Bakong's place, counted and written down", async () => {
      const charge = await service.issueCharge(
        { payment_session_id: "payses_1", amount: "11", currency_code: "usd" },
        "medusa"
      )
      const results = await service.askBakong([toQuestion(charge, new Date())])
      await service.recordAnswers(results)

      expect(await service.retrieveKhqrCharge(charge.id)).toMatchObject({
        status: "paid",
        review_reason: null,
        bank_hash: HASH,
        payer_account: null,
      })
      const [call] = await service.listKhqrEvents({ kind: "call" })
      expect(call).toMatchObject({
        endpoint: "lucky-bank/transfers",
        charge_ids: [charge.id],
        answer: "yes",
        is_proof: true,
      })
      expect(await service.health()).toMatchObject({
        gateway: "lucky-bank",
        token: null,
        quota: { used: 1, limit: null },
      })
    })

    it("needs no token, and says so", async () => {
      await expect(service.tokenState()).rejects.toThrow(
        "needs no Bakong token"
      )
    })
  },
})
