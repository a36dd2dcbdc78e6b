export type Config = {
  backendUrl: string
  publishableKey: string
  /** The bank simulator, whose payer's page stands in for a bank's app. */
  simulatorUrl: string
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch("/config.json", { cache: "no-store" })
  if (!response.ok) {
    throw new Error(`/config.json: HTTP ${response.status}`)
  }
  return response.json()
}
