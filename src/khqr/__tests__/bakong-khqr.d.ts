/** NBC's JavaScript SDK, untyped; here only as a test oracle. */
declare module "bakong-khqr" {
  type Answer = {
    status: { code: number; message: string | null }
    data: { qr: string; md5: string } | null
  }
  type Optional = Record<string, string | number | undefined>

  export class IndividualInfo {
    constructor(
      accountId: string,
      merchantName: string,
      merchantCity: string,
      optional?: Optional
    )
  }
  export class MerchantInfo {
    constructor(
      accountId: string,
      merchantName: string,
      merchantCity: string,
      merchantId: string,
      acquiringBank: string,
      optional?: Optional
    )
  }
  export class BakongKHQR {
    generateIndividual(info: IndividualInfo): Answer
    generateMerchant(info: MerchantInfo): Answer
    static verify(qr: string): { isValid: boolean }
    static decode(qr: string): { data: Record<string, string | null> }
  }
}
