import { createServer } from "node:net"

/** The port that is wished for, or any free one when it is taken. */
export async function choosePort(wish) {
  // "localhost" may mean either.
  const free = (await isFree(wish, "127.0.0.1")) && (await isFree(wish, "::1"))
  return free ? wish : anyFreePort()
}

export async function anyFreePort() {
  const { port, close } = await listen(0, "127.0.0.1")
  await close()
  return port
}

async function isFree(port, host) {
  try {
    const { close } = await listen(port, host)
    await close()
    return true
  } catch (error) {
    // A machine without IPv6 has nobody there.
    return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(error.code)
  }
}

async function listen(port, host) {
  const server = createServer()
  await new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ port, host, ipv6Only: true }, resolve)
  })
  return {
    port: server.address().port,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
