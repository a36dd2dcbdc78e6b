export const LEVELS = ["ok", "warning", "failure", "skipped"] as const

export type Level = (typeof LEVELS)[number]

/** What one check found. Holds no secret. */
export type Finding = {
  /** What was looked at: `options`, `token`. One look may find several things. */
  name: string
  level: Level
  /** As it is, for a person. */
  says: string
  /** What to do about it, where there is something to do. */
  mend?: string
}

/** Findings of one name. */
export const about = (name: string) => ({
  ok: (says: string): Finding => ({ name, level: "ok", says }),
  warning: (says: string, mend?: string): Finding => ({
    name,
    level: "warning",
    says,
    ...(mend && { mend }),
  }),
  failure: (says: string, mend?: string): Finding => ({
    name,
    level: "failure",
    says,
    ...(mend && { mend }),
  }),
  /** Not looked at, and why. */
  skipped: (says: string): Finding => ({ name, level: "skipped", says }),
})

export const hasFailure = (findings: Finding[]): boolean =>
  findings.some(({ level }) => level === "failure")
