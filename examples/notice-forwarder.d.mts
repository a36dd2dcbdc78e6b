export type Notice = {
  amount: string
  currency_code: "usd" | "khr"
  reference?: string
}
export function readNotice(text: string): Notice | null
export function readSettings(env: Record<string, string | undefined>): {
  shop: { url: string; secretKey: string }
  telegram: {
    apiUrl: string
    token: string
    chatId: string
    stateFile: string
  } | null
  sms: { host: string; port: number; secret: string } | null
}
export const NOT_INCOMING: RegExp
export const OTHER_AMOUNTS: RegExp
