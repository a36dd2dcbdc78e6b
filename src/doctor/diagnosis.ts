import type { Diagnosis } from "../modules/khqr/bank/diagnose"

/** A moment, and four columns in a hundred characters. */
const COLUMN_WIDTH = 20
const HASH_SHOWN = 16

type Row = [label: string, ledger: string | null, ...answers: (string | null)[]]

/** What the ledger believes and what the bank says, side by side. */
export function presentDiagnosis({
  ledger,
  answers,
  agrees,
  notes,
  questions,
}: Diagnosis): string {
  const rows: Row[] = [
    [
      "",
      "ledger",
      ...answers.map(({ asked_by }) => `by ${asked_by.replaceAll("_", " ")}`),
    ],
    ["asked for", null, ...answers.map(({ value }) => shortened(value))],
    ["says", statusOf(ledger), ...answers.map(({ outcome }) => outcome)],
    [
      "transfer",
      shortened(ledger.bank_hash),
      ...answers.map(({ transaction }) => shortened(transaction?.hash)),
    ],
    [
      "amount",
      `${ledger.paid_amount ?? ledger.khqr_amount} ${ledger.currency}`,
      ...answers.map(({ transaction }) =>
        transaction ? `${transaction.amount} ${transaction.currency}` : null
      ),
    ],
    [
      "paid by",
      ledger.payer_account,
      ...answers.map(({ transaction }) => transaction?.from ?? null),
    ],
    [
      "paid to",
      ledger.account_id,
      ...answers.map(({ transaction }) => transaction?.to ?? null),
    ],
    [
      "paid at",
      moment(ledger.paid_at),
      ...answers.map(({ transaction }) => moment(transaction?.paid_at)),
    ],
    ["HTTP", null, ...answers.map(({ http_status }) => text(http_status))],
    ["code", null, ...answers.map(({ error_code }) => text(error_code))],
    ["took", null, ...answers.map(({ duration_ms }) => `${duration_ms} ms`)],
  ]
  return [
    `Charge ${ledger.id}, reference ${ledger.reference}, order ${ledger.order_id ?? "none"}`,
    `md5 ${ledger.md5}, good until ${moment(ledger.expires_at)}, next question ${moment(ledger.next_check_at) ?? "none"}`,
    "",
    ...rows.map(presentRow),
    "",
    ...notes,
    `${agrees ? "Bakong and the ledger agree" : "Bakong and the ledger do not agree"}. Asked Bakong ${questions} ${questions === 1 ? "time" : "times"}.`,
  ].join("\n")
}

function presentRow([label, ...cells]: Row): string {
  return [
    label.padEnd(9),
    ...cells.map((cell) => cut(cell ?? "–").padEnd(COLUMN_WIDTH)),
  ]
    .join("  ")
    .trimEnd()
}

function statusOf({ status, review_reason }: Diagnosis["ledger"]): string {
  return review_reason ? `${status} (${review_reason})` : status
}

const cut = (cell: string): string =>
  cell.length > COLUMN_WIDTH ? `${cell.slice(0, COLUMN_WIDTH - 1)}…` : cell

const shortened = (hash: string | null | undefined): string | null =>
  hash == null || hash.length <= HASH_SHOWN
    ? (hash ?? null)
    : `${hash.slice(0, HASH_SHOWN)}…`

const moment = (iso: string | null | undefined): string | null =>
  iso == null ? null : `${iso.slice(0, 19).replace("T", " ")}Z`

const text = (value: number | null): string | null =>
  value === null ? null : String(value)
