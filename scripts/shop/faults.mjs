/** Something a person can mend: its message says all, a stack would only hide it. */
export class ShopError extends Error {
  expected = true
}
