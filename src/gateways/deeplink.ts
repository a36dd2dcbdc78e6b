/**
 * The link, if the shopper may be sent there: over https to one of `hosts` or
 * what is below them. A host with a port, `127.0.0.1:9100`, is taken as it is,
 * over http too: it is the configured server itself.
 */
export function allowedLink(link: string, hosts: string[]): string | null {
  if (!URL.canParse(link)) {
    return null
  }
  const url = new URL(link)
  if (url.username || url.password) {
    return null
  }
  const isOwn = hosts.includes(url.host) && url.port !== ""
  const isBelow = hosts.some(
    (host) => url.hostname === host || url.hostname.endsWith(`.${host}`)
  )
  if (url.protocol === "https:" && (isOwn || (isBelow && url.port === ""))) {
    return url.href
  }
  return url.protocol === "http:" && isOwn ? url.href : null
}
