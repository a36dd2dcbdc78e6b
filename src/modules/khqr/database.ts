import type { Knex } from "@medusajs/framework/mikro-orm/knex"

/** One statement with `?` for its values; the rows it returns. */
export type Sql = <Row = Record<string, unknown>>(
  query: string,
  values?: readonly unknown[]
) => Promise<Row[]>

/** PostgreSQL beside Medusa's own units of work: what is written here stays, whatever becomes of them. */
export type Database = {
  sql: Sql
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}

export function databaseOf(knex: Knex): Database {
  return {
    sql: runner(knex),
    transaction: (work) => knex.transaction((own) => work(runner(own))),
  }
}

function runner(knex: Knex): Sql {
  return async (query, values = []) => {
    const { rows } = await knex.raw(query, values as Knex.RawBinding[])
    return rows
  }
}
