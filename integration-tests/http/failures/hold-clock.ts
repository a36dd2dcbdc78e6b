import { eventually, type World } from "../world"

/** The shop's own clock asks about no charge there is until the next `world.tick()`. */
export async function holdClock(world: World): Promise<void> {
  // What is under way plans its next question once more.
  for (let twice = 0; twice < 2; twice++) {
    await world.sql("UPDATE khqr_charge SET next_check_at = NULL")
    await eventually(async () => {
      const [{ busy }] = await world.sql<{ busy: string }>(
        "SELECT count(*) AS busy FROM khqr_charge WHERE leased_until > now()"
      )
      expect(busy).toBe("0")
    }, 60_000)
  }
}
