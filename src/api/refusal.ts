/** What a refusal looks like: `code` is for programs, `message` for people. */
export type Refusal = { type: string; code: string; message: string }
