import { Migration } from "@medusajs/framework/mikro-orm/migrations"

export class Migration20261121183133 extends Migration {
  override async up(): Promise<void> {
    this.addSql(
      `alter table if exists "khqr_token" drop constraint if exists "khqr_token_fingerprint_unique";`
    )
    this.addSql(
      `alter table if exists "khqr_refund" drop constraint if exists "khqr_refund_md5_unique";`
    )
    this.addSql(
      `alter table if exists "khqr_refund" drop constraint if exists "khqr_refund_bank_hash_unique";`
    )
    this.addSql(
      `alter table if exists "khqr_quota" drop constraint if exists "khqr_quota_token_key_day_unique";`
    )
    this.addSql(
      `alter table if exists "khqr_charge" drop constraint if exists "khqr_charge_bank_hash_unique";`
    )
    this.addSql(
      `alter table if exists "khqr_charge" drop constraint if exists "khqr_charge_reference_unique";`
    )
    this.addSql(
      `create table if not exists "khqr_attempt" ("id" text not null, "window_started_at" timestamptz not null, "count" integer not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_attempt_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_attempt_deleted_at" ON "khqr_attempt" ("deleted_at") WHERE deleted_at IS NULL;`
    )

    this.addSql(
      `create table if not exists "khqr_charge" ("id" text not null, "reference" text not null, "md5" text not null, "qr" text not null, "mode" text check ("mode" in ('dynamic', 'static', 'client')) not null default 'dynamic', "payment_session_id" text not null, "moved_from" text null, "payment_collection_id" text null, "cart_id" text null, "order_id" text null, "amount" text not null, "currency_code" text not null, "khqr_amount" text not null, "account_id" text not null, "gateway_ref" text null, "deeplink" text null, "deeplink_asked_at" timestamptz null, "status" text check ("status" in ('pending', 'paid', 'completed', 'expired', 'failed')) not null default 'pending', "review_reason" text check ("review_reason" in ('paid_late', 'amount_mismatch', 'currency_mismatch', 'wrong_account', 'duplicate', 'orphaned', 'order_failed', 'unverifiable', 'returned', 'hash_used', 'paid_early')) null, "resolution" text check ("resolution" in ('settle', 'attach', 'refund', 'dismiss', 'withdraw')) null, "resolved_at" timestamptz null, "resolved_by" text null, "evidence" text check ("evidence" in ('khqr', 'receipt', 'staff')) null, "confirmation_reference" text null, "accepted_total" text null, "session_amount" text null, "adoption_key" text null, "issued_at" timestamptz not null, "expires_at" timestamptz not null, "superseded_at" timestamptz null, "bank_hash" text null, "second_hash" text null, "payer_account" text null, "paid_amount" text null, "paid_currency" text null, "paid_to" text null, "paid_at" timestamptz null, "found_at" timestamptz null, "settled_at" timestamptz null, "next_check_at" timestamptz null, "next_settle_at" timestamptz null, "leased_until" timestamptz null, "last_checked_at" timestamptz null, "last_signal_at" timestamptz null, "last_signal" text null, "signals_in_vain" integer not null default 0, "watched_since" timestamptz null, "unwatched_at" timestamptz null, "check_reason" text null, "late_signals" integer not null default 0, "last_outcome" text null, "checks" integer not null default 0, "unknowns" integer not null default 0, "unknown_since" timestamptz null, "settle_attempts" integer not null default 0, "lasting_settle_failures" integer not null default 0, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_charge_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_charge_reference_unique" ON "khqr_charge" ("reference") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_charge_bank_hash_unique" ON "khqr_charge" ("bank_hash") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_deleted_at" ON "khqr_charge" ("deleted_at") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_payment_session_id" ON "khqr_charge" ("payment_session_id") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_second_hash" ON "khqr_charge" ("second_hash") WHERE second_hash IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_moved_from" ON "khqr_charge" ("moved_from") WHERE moved_from IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_charge_md5" ON "khqr_charge" ("md5") WHERE mode <> 'static' AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_charge_adoption_key" ON "khqr_charge" ("adoption_key") WHERE adoption_key IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_charge_confirmation_reference" ON "khqr_charge" ("confirmation_reference") WHERE confirmation_reference IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_issued_at" ON "khqr_charge" ("issued_at", "id") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_review" ON "khqr_charge" ("issued_at") WHERE review_reason IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_open_amount" ON "khqr_charge" ("khqr_amount", "currency_code", "issued_at") WHERE status IN ('pending', 'failed', 'expired') AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_unproven_amount" ON "khqr_charge" ("khqr_amount", "currency_code", "issued_at") WHERE evidence = 'staff' AND bank_hash IS NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_order_id" ON "khqr_charge" ("order_id") WHERE order_id IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_payment_collection_id" ON "khqr_charge" ("payment_collection_id") WHERE payment_collection_id IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_cart_id" ON "khqr_charge" ("cart_id") WHERE cart_id IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_next_check_at" ON "khqr_charge" ("next_check_at") WHERE next_check_at IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_charge_next_settle_at" ON "khqr_charge" ("next_settle_at") WHERE next_settle_at IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_charge_one_shown" ON "khqr_charge" ("payment_session_id") WHERE superseded_at IS NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_charge_one_completed" ON "khqr_charge" ("payment_session_id") WHERE status = 'completed' AND deleted_at IS NULL;`
    )

    this.addSql(
      `create table if not exists "khqr_event" ("id" text not null, "charge_id" text null, "kind" text not null, "actor" text not null, "status" text null, "review_reason" text null, "message" text null, "request_id" text null, "charge_ids" jsonb null, "endpoint" text null, "http_status" integer null, "response_code" integer null, "error_code" integer null, "duration_ms" integer null, "answer" text null, "is_proof" boolean not null default false, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_event_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_event_deleted_at" ON "khqr_event" ("deleted_at") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_event_charge_id_created_at" ON "khqr_event" ("charge_id", "created_at") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_event_request_id" ON "khqr_event" ("request_id") WHERE request_id IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_event_call_charge_ids" ON "khqr_event" USING gin ("charge_ids") WHERE kind = 'call' AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_event_calls_to_tidy" ON "khqr_event" ("created_at") WHERE kind = 'call' AND is_proof = false AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_event_calls" ON "khqr_event" ("created_at") WHERE kind = 'call' AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_event_answers_to_tidy" ON "khqr_event" ("created_at") WHERE kind = 'call' AND is_proof = false AND answer IS NOT NULL AND deleted_at IS NULL;`
    )

    this.addSql(
      `create table if not exists "khqr_quota" ("id" text not null, "token_key" text not null, "day" text not null, "used" integer not null default 0, "utc_day" text not null, "used_utc" integer not null default 0, "receipts" integer not null default 0, "refused" integer not null default 0, "learned_limit" integer null, "spent_at" timestamptz null, "spent_by" text check ("spent_by" in ('bank', 'count')) null, "next_probe_at" timestamptz null, "lifted_at" timestamptz null, "paused_until" timestamptz null, "list_closed_until" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_quota_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_quota_deleted_at" ON "khqr_quota" ("deleted_at") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_quota_token_key_day_unique" ON "khqr_quota" ("token_key", "day") WHERE deleted_at IS NULL;`
    )

    this.addSql(
      `create table if not exists "khqr_refund" ("id" text not null, "charge_id" text not null, "amount" text not null, "currency_code" text not null, "status" text check ("status" in ('due', 'pending', 'sent', 'expired', 'canceled')) not null default 'due', "review_reason" text check ("review_reason" in ('excess', 'mismatch', 'unverifiable', 'not_booked')) null, "resolved_at" timestamptz null, "resolved_by" text null, "method" text check ("method" in ('by_hand', 'reverse_khqr')) null, "payer_account" text null, "note" text null, "created_by" text not null, "reference" text null, "bank_hash" text null, "sent_at" timestamptz null, "sent_by" text null, "verified_at" timestamptz null, "qr" text null, "md5" text null, "issued_at" timestamptz null, "expires_at" timestamptz null, "next_check_at" timestamptz null, "leased_until" timestamptz null, "last_checked_at" timestamptz null, "last_outcome" text null, "checks" integer not null default 0, "unknowns" integer not null default 0, "unknown_since" timestamptz null, "next_book_at" timestamptz null, "book_attempts" integer not null default 0, "booking_error" text null, "booked_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_refund_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_refund_bank_hash_unique" ON "khqr_refund" ("bank_hash") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_refund_md5_unique" ON "khqr_refund" ("md5") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_refund_deleted_at" ON "khqr_refund" ("deleted_at") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_refund_charge_id" ON "khqr_refund" ("charge_id") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_refund_review" ON "khqr_refund" ("created_at") WHERE review_reason IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_refund_next_check_at" ON "khqr_refund" ("next_check_at") WHERE next_check_at IS NOT NULL AND deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_refund_next_book_at" ON "khqr_refund" ("next_book_at") WHERE next_book_at IS NOT NULL AND deleted_at IS NULL;`
    )

    this.addSql(
      `create table if not exists "khqr_refund_booking" ("id" text not null, "charge_id" text not null, "amount" text not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_refund_booking_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_refund_booking_deleted_at" ON "khqr_refund_booking" ("deleted_at") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_refund_booking_charge_id" ON "khqr_refund_booking" ("charge_id") WHERE deleted_at IS NULL;`
    )

    this.addSql(
      `create table if not exists "khqr_setting" ("id" text not null, "value" jsonb not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_setting_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_setting_deleted_at" ON "khqr_setting" ("deleted_at") WHERE deleted_at IS NULL;`
    )

    this.addSql(
      `create table if not exists "khqr_token" ("id" text not null, "fingerprint" text not null, "token_key" text not null, "source" text check ("source" in ('option', 'pasted', 'registered', 'renewed')) not null, "base_url" text not null, "ciphertext" text null, "issued_at" timestamptz null, "expires_at" timestamptz null, "answered_at" timestamptz null, "refused_at" timestamptz null, "renewal_started_at" timestamptz null, "renewal_error" text null, "warned_days" integer null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "khqr_token_pkey" primary key ("id"));`
    )
    this.addSql(
      `CREATE UNIQUE INDEX IF NOT EXISTS "IDX_khqr_token_fingerprint_unique" ON "khqr_token" ("fingerprint") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_token_deleted_at" ON "khqr_token" ("deleted_at") WHERE deleted_at IS NULL;`
    )
    this.addSql(
      `CREATE INDEX IF NOT EXISTS "IDX_khqr_token_base_url" ON "khqr_token" ("base_url") WHERE deleted_at IS NULL;`
    )
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "khqr_attempt" cascade;`)

    this.addSql(`drop table if exists "khqr_charge" cascade;`)

    this.addSql(`drop table if exists "khqr_event" cascade;`)

    this.addSql(`drop table if exists "khqr_quota" cascade;`)

    this.addSql(`drop table if exists "khqr_refund" cascade;`)

    this.addSql(`drop table if exists "khqr_refund_booking" cascade;`)

    this.addSql(`drop table if exists "khqr_setting" cascade;`)

    this.addSql(`drop table if exists "khqr_token" cascade;`)
  }
}
