/** `$1,234.50`, `44,000 ៛`: as prices are written on a Cambodian shelf. Never broken into two lines. */
export function money(amount: number, currencyCode: string): string {
  const isRiel = currencyCode === "khr"
  const figures = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: isRiel ? 0 : 2,
    maximumFractionDigits: 2,
  }).format(amount)
  return isRiel ? `${figures}\u00a0៛` : `$${figures}`
}
