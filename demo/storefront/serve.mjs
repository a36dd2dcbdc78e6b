import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { createServer } from "node:http"
import { extname, join, normalize, sep } from "node:path"
import { pipeline } from "node:stream/promises"

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
}

/**
 * Serves the built shop page and `/config.json`, which the page reads first.
 *
 * @param {object} options
 * @param {string} options.dist folder that `vite build` wrote
 * @param {number} options.port 0 for a free one
 * @param {string} [options.host]
 * @param {{ backendUrl: string, publishableKey: string, simulatorUrl: string }} options.config
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>}
 */
export async function serveStorefront({
  dist,
  port,
  host = "localhost",
  config,
}) {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })

  async function answer(request, response) {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")

    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end()
      return
    }
    if (pathname === "/config.json") {
      response.writeHead(200, {
        "content-type": TYPES[".json"],
        "cache-control": "no-store",
      })
      response.end(JSON.stringify(config))
      return
    }

    const file = await fileFor(dist, pathname)
    if (!file) {
      response.writeHead(404, { "content-type": "text/plain" })
      response.end("Not found")
      return
    }
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "cache-control": pathname.startsWith("/assets/")
        ? "public, max-age=31536000, immutable"
        : "no-cache",
    })
    if (request.method === "HEAD") {
      response.end()
      return
    }
    await pipeline(createReadStream(file), response)
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, resolve)
  })
  const { port: actualPort } = server.address()

  return {
    url: `http://${host}:${actualPort}`,
    port: actualPort,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The page itself answers for every path that is a place in the shop. */
async function fileFor(dist, pathname) {
  const page = join(dist, "index.html")
  let path
  try {
    path = normalize(decodeURIComponent(pathname))
  } catch {
    return null
  }
  if (path.includes("\0") || path.split(sep).includes("..")) {
    return null
  }
  if (!extname(path)) {
    return page
  }
  const file = join(dist, path)
  const found = await stat(file).catch(() => null)
  return found?.isFile() ? file : null
}
