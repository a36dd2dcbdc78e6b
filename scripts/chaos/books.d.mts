import type { Stage } from "../shop/stage.mjs"

export function readBooks(stage: Pick<Stage, "sql" | "bank">): Promise<unknown>
