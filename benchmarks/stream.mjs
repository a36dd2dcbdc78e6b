import { request } from "node:http"

/** A shop gives one address no more than its share of the streams. */
const STREAMS_PER_ADDRESS = 50

/** Where the page of this number calls from. On Linux all of 127.0.0.0/8 is this machine. */
export function addressOf(page) {
  const number = Math.floor(page / STREAMS_PER_ADDRESS)
  return process.platform === "linux"
    ? `127.1.${number >> 8}.${number & 255}`
    : "127.0.0.1"
}

/**
 * Reads the events of a payment session as a page does. One connection a stream, and nothing
 * is kept: it is to cost the reader as little as it can.
 *
 * @param {object} options
 * @param {string} options.url Medusa's
 * @param {string} options.key publishable
 * @param {string} options.sessionId
 * @param {string} [options.from] the address it calls from, where caps count by address
 * @param {(charge: object, at: number) => void} options.onCharge `at`: epoch ms
 * @returns {Promise<{ close: () => void, ended: Promise<void> }>} when the first event has come
 * @throws when the answer is no stream
 */
export function openStream({ url, key, sessionId, from, onCharge }) {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/store/khqr/payment-sessions/${sessionId}/events`,
      {
        agent: false,
        localAddress: from,
        headers: { accept: "text/event-stream", "x-publishable-api-key": key },
      }
    )
    asked.once("error", reject)
    asked.once("response", (response) => {
      response.setEncoding("utf8")
      if (!/^text\/event-stream/.test(response.headers["content-type"] ?? "")) {
        let text = ""
        response.on("data", (part) => (text += part))
        response.once("end", () =>
          reject(
            new Error(
              `The stream of ${sessionId} was refused with HTTP ${response.statusCode}: ${text.slice(0, 300)}`
            )
          )
        )
        return
      }
      const ended = new Promise((done) => response.once("close", done))
      // Once it is open, its end is for the server to decide.
      asked.on("error", () => {})
      response.on("error", () => {})
      let rest = ""
      response.on("data", (part) => {
        const at = now()
        const blocks = (rest + part).split("\n\n")
        rest = blocks.pop()
        for (const block of blocks) {
          const data = dataOf(block)
          if (data) {
            onCharge(JSON.parse(data).charge, at)
            resolve({ close: () => asked.destroy(), ended })
          }
        }
      })
      void ended.then(() =>
        reject(new Error(`The stream of ${sessionId} ended before an event`))
      )
    })
    asked.end()
  })
}

function dataOf(block) {
  return block
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart())
    .join("\n")
}

/** Epoch ms with a fraction; the same clock in each process of a machine. */
export function now() {
  return performance.timeOrigin + performance.now()
}
