import type { Database, Sql } from "../modules/khqr/database"
import type { Count } from "./inquiry"

const CALL = /^\s*INSERT INTO khqr_event\b/i

/**
 * Counts the calls that leave, by the audit log: each gets one row there, also one
 * that a renewal of the token makes by itself.
 */
export function countCalls(database: Database): {
  database: Database
  count: Count
} {
  let calls = 0
  const counting =
    (sql: Sql): Sql =>
    (query, values) => {
      calls += CALL.test(query) ? 1 : 0
      return sql(query, values)
    }
  return {
    database: {
      sql: counting(database.sql),
      transaction: (work) => database.transaction((sql) => work(counting(sql))),
    },
    count: () => calls,
  }
}
