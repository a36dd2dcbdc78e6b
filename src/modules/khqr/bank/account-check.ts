import type { Logger } from "@medusajs/framework/types"

import type { Database } from "../database"
import type { Gateway } from "../../../gateways"

const SETTING = "receiver_account"

/** An account that exists goes on existing; a question is scarce. */
const ASK_AGAIN_AFTER_DAYS = 30

export type AccountCheckParts = {
  gateway: Gateway
  /** The receivers, and where they are looked up: another host is another bank. */
  accounts: { option: string; accountId: string }[]
  baseUrl: string
  database: Database
  logger: Pick<Logger, "warn" | "error">
}

/**
 * Asks at start whether each receiver exists, once for each account and month
 * whatever the number of processes. It only warns: a shop must start without
 * the bank.
 */
export class AccountCheck {
  constructor(protected readonly parts_: AccountCheckParts) {}

  /** Never throws. */
  async run(): Promise<void> {
    const { accounts, gateway } = this.parts_
    if (!gateway.can.checksAccounts || !gateway.accountExists) {
      return
    }
    for (const [index, { option, accountId }] of accounts.entries()) {
      await this.look_(
        index === 0 ? SETTING : `${SETTING}_${index + 1}`,
        option,
        accountId
      )
    }
  }

  protected async look_(
    setting: string,
    option: string,
    accountId: string
  ): Promise<void> {
    const { gateway, logger } = this.parts_
    try {
      if (!(await this.claim_(setting, accountId))) {
        return
      }
    } catch {
      // No table yet: `db:migrate` comes first, and says so itself.
      return
    }
    try {
      const exists = await gateway.accountExists!(accountId)
      await this.remember_(setting, exists)
      if (!exists) {
        logger.error(
          `KHQR: Bakong knows no account ${accountId}: nobody can pay it. Mend the option ${option}.`
        )
      }
    } catch (error) {
      await this.remember_(setting, false).catch(() => undefined)
      logger.warn(
        `KHQR: whether the account ${accountId} exists could not be asked: ${(error as Error).message}`
      )
    }
  }

  protected async claim_(setting: string, accountId: string): Promise<boolean> {
    const { database, baseUrl } = this.parts_
    const rows = await database.sql(
      `INSERT INTO khqr_setting (id, value) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
       WHERE khqr_setting.value->>'account_id' <> EXCLUDED.value->>'account_id'
          OR khqr_setting.value->>'base_url' <> EXCLUDED.value->>'base_url'
          OR (khqr_setting.value->>'exists' IS DISTINCT FROM 'true'
              AND khqr_setting.updated_at < now() - interval '1 minute')
          OR khqr_setting.updated_at < now() - make_interval(days => ?)
       RETURNING id`,
      [
        setting,
        JSON.stringify({ account_id: accountId, base_url: baseUrl }),
        ASK_AGAIN_AFTER_DAYS,
      ]
    )
    return rows.length > 0
  }

  protected async remember_(setting: string, exists: boolean): Promise<void> {
    await this.parts_.database.sql(
      "UPDATE khqr_setting SET value = value || ? WHERE id = ?",
      [JSON.stringify({ exists }), setting]
    )
  }
}
