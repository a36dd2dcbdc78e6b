export function checkBooks(books: unknown): {
  checks: { name: string; faults: string[] }[]
  counts: Record<string, number>
}
