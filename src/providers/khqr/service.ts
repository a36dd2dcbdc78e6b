import type {
  AuthorizePaymentInput,
  AuthorizePaymentOutput,
  CancelPaymentInput,
  CancelPaymentOutput,
  CapturePaymentInput,
  CapturePaymentOutput,
  CreateAccountHolderInput,
  CreateAccountHolderOutput,
  DeletePaymentInput,
  DeletePaymentOutput,
  GetPaymentStatusInput,
  GetPaymentStatusOutput,
  InitiatePaymentInput,
  InitiatePaymentOutput,
  RefundPaymentInput,
  RefundPaymentOutput,
  RetrievePaymentInput,
  RetrievePaymentOutput,
  UpdatePaymentInput,
  UpdatePaymentOutput,
  WebhookActionResult,
} from "@medusajs/framework/types"
import {
  AbstractPaymentProvider,
  MedusaError,
  PaymentActions,
  PaymentSessionStatus,
} from "@medusajs/framework/utils"

import { KHQR_MODULE } from "../../modules/khqr"
import { exactDecimal, sameMoney } from "../../modules/khqr/medusa-amount"
import type KhqrModuleService from "../../modules/khqr/service"
import type { Captured } from "../../modules/khqr/refund-rules"
import { amountToBook, hasMoney, isSettleable } from "../../modules/khqr/state"
import type { Charge } from "../../modules/khqr/types"
import { chargeToShow } from "../../modules/khqr/session-charges"

type Data = Record<string, unknown> | undefined

/**
 * What Medusa's payment module calls. Thin: every answer comes from the ledger,
 * never from a session's `data`, which is public and partly the client's. What was
 * captured is in a payment's own, which is Medusa's.
 */
class KhqrProviderService extends AbstractPaymentProvider {
  static override identifier = "khqr"

  constructor(
    container: Record<string, unknown>,
    config?: Record<string, unknown>
  ) {
    super(container, config)
  }

  async capturePayment({
    data,
  }: CapturePaymentInput): Promise<CapturePaymentOutput> {
    return { data }
  }

  /**
   * Books what the bank confirmed and nothing else.
   * @throws MedusaError PAYMENT_REQUIRES_MORE_ERROR while there is no confirmed payment;
   *   the cart and its session stay as they are.
   */
  async authorizePayment({
    data,
    context,
  }: AuthorizePaymentInput): Promise<AuthorizePaymentOutput> {
    const sessionId = requireSessionId(context?.idempotency_key)
    const paid = await this.ledger_.findBookable(sessionId)
    if (paid) {
      return {
        status: PaymentSessionStatus.CAPTURED,
        data: {
          ...this.ledger_.sessionData(paid, data),
          // The charge may be told otherwise later; what Medusa books now stays booked.
          captured: amountToBook(paid) satisfies Captured,
        },
      }
    }
    const charges = await this.ledger_.listChargesOfSession(sessionId)
    throw new MedusaError(
      MedusaError.Types.PAYMENT_REQUIRES_MORE_ERROR,
      charges.some(hasMoney)
        ? "We have your payment and are looking at it. Do not pay again; the shop will contact you."
        : charges[0]?.mode === "static"
          ? "The KHQR is not paid yet, as far as we know. Pay it in your bank's app and enter the hash on your receipt."
          : "The KHQR is not paid yet. Pay it in your bank's app; the order follows by itself."
    )
  }

  /** @throws MedusaError NOT_ALLOWED when money is on record for the payment. */
  async cancelPayment({
    data,
  }: CancelPaymentInput): Promise<CancelPaymentOutput> {
    await this.letGo_(data, "canceled")
    return { data }
  }

  /**
   * Writes a charge for the session and returns its KHQR.
   * @throws MedusaError INVALID_DATA for an amount or currency that KHQR, or this shop, does
   *   not take, and for a client's KHQR that is not ours to accept; NOT_ALLOWED while
   *   KHQR is switched off.
   */
  async initiatePayment({
    amount,
    currency_code,
    data,
    context,
  }: InitiatePaymentInput): Promise<InitiatePaymentOutput> {
    const sessionId = requireSessionId(context?.idempotency_key)
    const adopted = await this.adopt_(data, sessionId, exactDecimal(amount))
    if (adopted) {
      return adopted
    }
    const charge = await this.ledger_.issueCharge(
      {
        payment_session_id: sessionId,
        amount: exactDecimal(amount),
        currency_code,
        client_qr: data?.qr,
      },
      "medusa"
    )
    return {
      id: charge.id,
      status: PaymentSessionStatus.PENDING,
      data: this.ledger_.sessionData(charge, data),
    }
  }

  /**
   * A session's KHQR may be paid after its session is gone: it stays watched.
   * @throws MedusaError NOT_ALLOWED when it is paid, so that the session stays.
   */
  async deletePayment({
    data,
  }: DeletePaymentInput): Promise<DeletePaymentOutput> {
    await this.letGo_(data, "deleted")
    return { data }
  }

  async getPaymentStatus({
    data,
  }: GetPaymentStatusInput): Promise<GetPaymentStatusOutput> {
    const charge = await this.chargeOf_(data)
    return { status: sessionStatusOf(charge), data }
  }

  /**
   * Bakong has no way to take a payment back: what is on record as sent by the
   * merchant may be booked, and nothing else.
   * @throws MedusaError NOT_ALLOWED with the way to send it
   */
  async refundPayment({
    amount,
    data,
    context,
  }: RefundPaymentInput): Promise<RefundPaymentOutput> {
    const charge = await this.chargeOf_(data)
    const captured = data?.captured as Captured | undefined
    if (!charge || !captured || !context?.idempotency_key) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        "No KHQR is on record for this payment, so nothing can be booked as refunded."
      )
    }
    await this.ledger_.bookRefund(
      charge.id,
      context.idempotency_key,
      exactDecimal(amount),
      captured
    )
    return { data }
  }

  async retrievePayment({
    data,
  }: RetrievePaymentInput): Promise<RetrievePaymentOutput> {
    const charge = await this.chargeOf_(data)
    return { data: charge ? this.ledger_.sessionData(charge, data) : data }
  }

  /**
   * Keeps the session's KHQR equal to what the session asks for: the charge that
   * is shown, or a new one when the amount has changed. In mode `client` that one
   * has to come along as `data.qr`.
   */
  async updatePayment({
    amount,
    currency_code,
    data,
  }: UpdatePaymentInput): Promise<UpdatePaymentOutput> {
    const known = await this.chargeOf_(data)
    if (!known) {
      return { data }
    }
    const charges = await this.ledger_.listChargesOfSession(
      known.payment_session_id
    )
    const current = chargeToShow(charges) ?? known
    const sameRequest =
      sameMoney(current.amount, exactDecimal(amount)) &&
      current.currency_code === currency_code.toLowerCase()
    const charge =
      sameRequest || charges.some(hasMoney)
        ? current
        : await this.ledger_.renewCharge(
            {
              payment_session_id: known.payment_session_id,
              amount: exactDecimal(amount),
              currency_code,
              // What we returned ourselves is not sent to us.
              client_qr: data?.qr === known.qr ? undefined : data?.qr,
            },
            "medusa"
          )
    return {
      status: sessionStatusOf(charge),
      data: this.ledger_.sessionData(charge, data),
    }
  }

  /** KHQR needs no account holder; without an answer core warns at every signed-in checkout. */
  async createAccountHolder({
    context,
  }: CreateAccountHolderInput): Promise<CreateAccountHolderOutput> {
    return { id: context.customer.id }
  }

  /** `/hooks/payment/:provider` is open to the world and Bakong sends nothing to it. */
  async getWebhookActionAndData(): Promise<WebhookActionResult> {
    return { action: PaymentActions.NOT_SUPPORTED }
  }

  /** A session that our settlement opens for a charge that is paid already. */
  protected async adopt_(
    data: Data,
    sessionId: string,
    amount: string
  ): Promise<InitiatePaymentOutput | null> {
    const charge = await this.ledger_.adoptCharge(
      data?.adopt,
      sessionId,
      amount
    )
    return (
      charge && {
        id: charge.id,
        status: PaymentSessionStatus.PENDING,
        data: this.ledger_.sessionData(charge, data),
      }
    )
  }

  protected get ledger_(): KhqrModuleService {
    const ledger = this.findLedger_()
    if (!ledger) {
      throw new MedusaError(
        MedusaError.Types.UNEXPECTED_STATE,
        'The payment module cannot reach the KHQR ledger. In medusa-config.ts list the plugin "medusa-payment-khqr" under `plugins` and add `dependencies: ["khqr"]` to the module "@medusajs/medusa/payment".'
      )
    }
    return ledger
  }

  protected findLedger_(): KhqrModuleService | undefined {
    try {
      return this.container[KHQR_MODULE] as KhqrModuleService | undefined
    } catch {
      // The container throws for a dependency that the configuration does not declare.
      return undefined
    }
  }

  /** The charge that `data` names, if all that it says of itself is true. */
  protected async chargeOf_(data: Data): Promise<Charge | undefined> {
    const { session_id, charge_id, md5 } = data ?? {}
    if (typeof session_id !== "string") {
      return undefined
    }
    const charges = await this.ledger_.listChargesOfSession(session_id)
    return charges.find(
      (charge) => charge.id === charge_id && charge.md5 === md5
    )
  }

  protected async letGo_(data: Data, verb: string): Promise<void> {
    const charge = await this.chargeOf_(data)
    if (!charge) {
      return
    }
    const released = await this.ledger_.letGo(
      charge.payment_session_id,
      "medusa"
    )
    if (!released) {
      throw new MedusaError(
        MedusaError.Types.NOT_ALLOWED,
        `The KHQR ${charge.reference} is paid, so its payment cannot be ${verb}. The order follows, or a person looks at it.`
      )
    }
  }
}

function requireSessionId(idempotencyKey: string | undefined): string {
  if (!idempotencyKey) {
    throw new MedusaError(
      MedusaError.Types.INVALID_DATA,
      "A KHQR belongs to a payment session: context.idempotency_key is missing."
    )
  }
  return idempotencyKey
}

/** Total: what a charge means in Medusa's words. */
function sessionStatusOf(charge: Charge | undefined): PaymentSessionStatus {
  if (charge && isSettleable(charge)) {
    return PaymentSessionStatus.CAPTURED
  }
  return charge?.status === "expired"
    ? PaymentSessionStatus.CANCELED
    : PaymentSessionStatus.PENDING
}

export default KhqrProviderService
