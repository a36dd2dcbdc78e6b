import type { UnknownReason } from "../bakong"
import type { Diagnosis, DiagnosedAnswer } from "../modules/khqr/bank/diagnose"
import { phnomPenhTime } from "../modules/khqr/moment"
import { explain } from "./explain"
import { breakLines, breakWords } from "./lines"
import type { Server } from "./server"

const LABEL_WIDTH = 10
const COLUMN_WIDTH = 20
const GAP = "  "

/** Of an md5 or a hash, which are known by their beginning. */
const HASH = /^([0-9a-f]{32}|[0-9a-f]{64})$/
const HASH_SHOWN = 16

type Row = [label: string, ledger: string | null, ...answers: (string | null)[]]

/** Whom a diagnosis is shown to, and when. */
export type DiagnosisLook = {
  /** Characters in a line; the table takes what its columns need. */
  width: number
  now: Date
}

/** What the ledger believes and what the bank says, side by side. */
export function presentDiagnosis(
  diagnosis: Diagnosis,
  server: Server,
  { width, now }: DiagnosisLook
): string {
  const { ledger, answers } = diagnosis
  const at = (iso: string | null | undefined) =>
    iso == null ? null : phnomPenhTime(new Date(iso), now)
  const told = (
    of: (
      transaction: NonNullable<DiagnosedAnswer["transaction"]>
    ) => string | null
  ) => answers.map(({ transaction }) => (transaction ? of(transaction) : null))
  const rows: Row[] = [
    [
      "",
      "ledger",
      ...answers.map(({ asked_by }) => `by ${asked_by.replaceAll("_", " ")}`),
    ],
    ["asked with", null, ...answers.map(({ value }) => shortened(value))],
    [
      "was to pay",
      `${ledger.khqr_amount} ${ledger.currency} to ${ledger.account_id}`,
      ...answers.map(() => null),
    ],
    [
      "says",
      statusOf(ledger),
      ...answers.map(({ outcome }) => describeOutcome(outcome)),
    ],
    [
      "transfer",
      shortened(ledger.bank_hash),
      ...told(({ hash }) => shortened(hash)),
    ],
    [
      "amount",
      amountOf(ledger),
      ...told(({ amount, currency }) => `${amount} ${currency}`),
    ],
    ["paid by", ledger.payer_account, ...told(({ from }) => from)],
    ["paid to", ledger.paid_to, ...told(({ to }) => to)],
    ["paid at", at(ledger.paid_at), ...told(({ paid_at }) => at(paid_at))],
    ["HTTP", null, ...answers.map(({ http_status }) => text(http_status))],
    ["code", null, ...answers.map(({ error_code }) => text(error_code))],
    ["took", null, ...answers.map(({ duration_ms }) => `${duration_ms} ms`)],
  ]
  return [
    `Charge ${ledger.id}, reference ${ledger.reference}, order ${ledger.order_id ?? "none"}`,
    `md5 ${ledger.md5}`,
    `good until ${at(ledger.expires_at)}, next question ${at(ledger.next_check_at) ?? "none"}`,
    "",
    ...rows.flatMap(presentRow),
    "",
    ...[
      ...listNotes(diagnosis, server),
      ...conclude(diagnosis, server),
    ].flatMap((note) => breakLines(note, width)),
  ].join("\n")
}

/** Whether nobody has to look: bank and ledger agree, and nothing waits for a person. */
export const isSettled = ({ agrees, ledger }: Diagnosis): boolean =>
  agrees === true && ledger.review_reason === null

/** A row takes as many lines as its longest cell needs. */
function presentRow([label, ...cells]: Row): string[] {
  const columns = cells.map((cell) => breakWords(cell ?? "–", COLUMN_WIDTH))
  const height = Math.max(...columns.map(({ length }) => length))
  return Array.from({ length: height }, (_, line) =>
    [
      (line === 0 ? label : "").padEnd(LABEL_WIDTH),
      ...columns.map((lines) => (lines[line] ?? "").padEnd(COLUMN_WIDTH)),
    ]
      .join(GAP)
      .trimEnd()
  )
}

/** The notes, where nothing was told with the doctor's words for why. */
function listNotes(diagnosis: Diagnosis, server: Server): string[] {
  const { answers, notes, ledger } = diagnosis
  if (isSilent(diagnosis)) {
    // The first note says the same in the words of the network.
    return [
      ...new Set(answers.map((answer) => explained(answer, server))),
      ...notes.slice(1),
    ]
  }
  const isMissed =
    diagnosis.agrees === false &&
    ledger.bank_hash === null &&
    answers[0]?.outcome === "paid"
  return isMissed
    ? [...notes, `To check it now: POST /admin/khqr/charges/${ledger.id}/check`]
    : notes
}

function explained(answer: DiagnosedAnswer, server: Server): string {
  const { message, http_status, sent } = answer
  if (!sent) {
    return message
  }
  const { says, mend } = explain(
    {
      reason: answer.outcome.slice("unknown:".length) as UnknownReason,
      message,
      httpStatus: http_status,
    },
    server
  )
  return mend ? `${says} — ${mend}` : says
}

function conclude(diagnosis: Diagnosis, { name }: Server): string[] {
  const { agrees, answers, questions } = diagnosis
  const bank = name === "Bakong" ? "The bank" : "The gateway"
  const Name = name === "Bakong" ? "Bakong" : "The gateway"
  const asked = `Asked ${name} ${questions} ${questions === 1 ? "time" : "times"}.`
  if (agrees === null) {
    return [
      asked,
      isSilent(diagnosis)
        ? `${bank} could not be asked, so this says nothing about the payment.`
        : `By ${answers[0].asked_by.replaceAll("_", " ")} ${bank.toLowerCase()} told nothing, so this says nothing about the payment.`,
    ]
  }
  if (!agrees) {
    return [`${Name} and the ledger do not agree. ${asked}`]
  }
  return isSettled(diagnosis)
    ? [`${Name} and the ledger agree. ${asked}`]
    : [
        `${Name} and the ledger agree, and the charge waits for a person. ${asked}`,
      ]
}

const isSilent = ({ answers }: Diagnosis): boolean =>
  answers.every(({ outcome }) => outcome.startsWith("unknown"))

function statusOf({ status, review_reason }: Diagnosis["ledger"]): string {
  return review_reason ? `${status} (${review_reason})` : status
}

/** `unknown:rate_limited`, for a person. */
const describeOutcome = (outcome: string): string =>
  outcome
    .replace(/^unknown:(.*)$/, "unknown ($1)")
    .replace("not_found", "not found")

const amountOf = ({
  paid_amount,
  paid_currency,
}: Diagnosis["ledger"]): string | null =>
  paid_amount === null ? null : `${paid_amount} ${paid_currency}`

const shortened = (id: string | null): string | null =>
  id !== null && HASH.test(id) ? `${id.slice(0, HASH_SHOWN)}…` : id

const text = (value: number | null): string | null =>
  value === null ? null : String(value)
