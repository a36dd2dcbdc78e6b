import { allowedLink } from "../deeplink"

const HOSTS = ["nbc.gov.kh", "127.0.0.1:9100"]

it.each([
  "https://nbc.gov.kh/x",
  "https://bakong-deeplink.nbc.gov.kh/abc?d=1",
  "http://127.0.0.1:9100/pay?link=x",
  "https://127.0.0.1:9100/pay?link=x",
])("shows %s", (link) => {
  expect(allowedLink(link, HOSTS)).toBe(link)
})

it.each([
  ["another host", "https://bakong.page.link/x"],
  ["a host that only ends alike", "https://evilnbc.gov.kh/x"],
  ["a host that only begins alike", "https://nbc.gov.kh.evil.com/x"],
  ["plain http", "http://nbc.gov.kh/x"],
  ["another port", "https://nbc.gov.kh:8443/x"],
  ["another port of the server itself", "http://127.0.0.1:9101/x"],
  ["a script", "javascript:alert(1)"],
  ["an app", "bakong://qr?qr=x"],
  ["data", "data:text/html,x"],
  ["a user name before the host", "https://nbc.gov.kh@evil.com/x"],
  ["a user name of its own", "https://evil@nbc.gov.kh/x"],
  ["no link", "nbc.gov.kh/x"],
  ["nothing", ""],
])("drops %s", (_, link) => {
  expect(allowedLink(link, HOSTS)).toBeNull()
})
