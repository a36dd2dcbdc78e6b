/**
 * The bare token out of what a person pasted: without `Bearer `, quotes, blanks
 * and line breaks. Empty when nothing usable is left.
 */
export const cleanToken = (pasted: string): string => {
  const bare = pasted
    .replace(/[\s"'`\u200b\ufeff]/g, "")
    .replace(/^(authorization:)?bearer:?/i, "")
  return /^[\x21-\x7e]+$/.test(bare) ? bare : ""
}
