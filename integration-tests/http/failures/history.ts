import type { World } from "../world"

/** What the ledger tells of a charge's life, one sentence a line, oldest first. */
export async function historyOf(
  world: World,
  chargeId: string
): Promise<string> {
  const events = await world.sql<{ message: string | null }>(
    "SELECT message FROM khqr_event WHERE charge_id = ? AND kind <> 'call' ORDER BY created_at, id",
    [chargeId]
  )
  return events.map(({ message }) => message ?? "").join("\n")
}
