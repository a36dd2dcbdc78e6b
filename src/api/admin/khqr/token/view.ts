import type { TokenState } from "../../../../modules/khqr/bank/tokens"

/** What an admin is told of the token. */
export type AdminToken = Omit<TokenState, "token_key">

export function presentToken({
  token_key: _,
  ...told
}: TokenState): AdminToken {
  return told
}
