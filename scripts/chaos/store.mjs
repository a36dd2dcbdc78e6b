import { sleep } from "./random.mjs"

const PAUSE_MS = 400
/** A killed server is back within seconds; one that is not is a fault of its own. */
const PATIENCE_MS = 120_000
/** A shopper whose page says "error" tries again some times, and then gives up. */
const SERVER_ERRORS = 6

/** The shop was there and said no: a shopper reads why and goes another way. */
export class Refused extends Error {
  constructor(request, status, body) {
    super(`${request}: HTTP ${status} ${JSON.stringify(body).slice(0, 300)}`)
    this.name = "Refused"
    this.status = status
    this.body = body
  }
}

/** The store API as a browser uses it that is reloaded whenever the shop does not answer. */
export class Store {
  /** @param {() => string} url the server's, which is now and then gone */
  constructor(url, publishableKey) {
    this.url = url
    this.headers = {
      "content-type": "application/json",
      "x-publishable-api-key": publishableKey,
    }
    this.counts = { requests: 0, unanswered: 0, serverErrors: {} }
  }

  get(path) {
    return this.call("GET", path)
  }

  post(path, body = {}) {
    return this.call("POST", path, body)
  }

  async call(method, path, body) {
    const until = Date.now() + PATIENCE_MS
    for (let errors = 0; ;) {
      const { status, data } = await this.attempt(method, path, body)
      if (status >= 200 && status < 300) {
        return data
      }
      if (status >= 500) {
        this.note(`${method} ${path.replaceAll(/\w+_01\w+/g, ":id")}`, data)
      }
      const goesOn = status === 0 || (status >= 500 && ++errors < SERVER_ERRORS)
      if (!goesOn || Date.now() > until) {
        throw new Refused(`${method} ${path}`, status, data)
      }
      await sleep(PAUSE_MS)
    }
  }

  async attempt(method, path, body) {
    this.counts.requests++
    try {
      const response = await fetch(`${this.url()}/store/${path}`, {
        method,
        headers: this.headers,
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(60_000),
      })
      const text = await response.text()
      return { status: response.status, data: text ? JSON.parse(text) : {} }
    } catch (error) {
      this.counts.unanswered++
      return {
        status: 0,
        data: { message: error.cause?.code ?? error.message },
      }
    }
  }

  note(request, data) {
    const name = `${request}: ${data?.message ?? "no words"}`
    this.counts.serverErrors[name] = (this.counts.serverErrors[name] ?? 0) + 1
  }
}
