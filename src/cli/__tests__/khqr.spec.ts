import { spawn } from "node:child_process"
import { once } from "node:events"
import net, { type AddressInfo } from "node:net"
import path from "node:path"

const ENTRY = path.resolve(__dirname, "../khqr.ts")

const khqr = (...args: string[]) => {
  const child = spawn(process.execPath, ["--import", "tsx", ENTRY, ...args])
  const said = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk) => (said.stdout += chunk))
  child.stderr.on("data", (chunk) => (said.stderr += chunk))
  const ended = once(child, "close").then(([code]) => ({ code, ...said }))
  return { child, said, ended }
}

/** All that a simulator says at its start, of which the gateway's key is the last. */
const printed = async (
  { stdout }: ReturnType<typeof khqr>["child"],
  said: { stdout: string }
) => {
  while (!/key +\S+\n/.test(said.stdout)) {
    await once(stdout, "data")
  }
}

describe("khqr", () => {
  it("runs a simulator until it is interrupted", async () => {
    const { child, said, ended } = khqr("simulator", "--port", "0")
    try {
      await printed(child, said)
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said.stdout)!
      const [, token] = /BAKONG_TOKEN=(\S+)/.exec(said.stdout)!
      expect(said.stdout).toContain(`${url}/pay`)
      expect(said.stdout).toContain(`${url}/_control/`)
      const answer = await fetch(`${url}/v1/check_transaction_by_md5`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
        body: JSON.stringify({ md5: "0".repeat(32) }),
      })
      expect(await answer.json()).toMatchObject({ errorCode: 1 })
    } finally {
      child.kill("SIGINT")
    }
    expect(await ended).toMatchObject({ code: 0, stderr: "" })
  })

  it("limits the day and closes the registration when told to", async () => {
    const { child, said, ended } = khqr(
      ...["simulator", "--port", "0"],
      ...["--daily-limit", "2", "--no-registration"]
    )
    try {
      await printed(child, said)
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said.stdout)!
      const ask = (path: string, body: object) =>
        fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) })
      const email = "shop@lotus.test"
      expect((await ask("/v1/request_token", { email })).status).toBe(404)
      const codes: number[] = []
      for (let call = 2; call <= 3; call += 1) {
        const answer = await ask("/v1/renew_token", { email })
        codes.push(((await answer.json()) as { errorCode: number }).errorCode)
      }
      expect(codes).toEqual([null, 17])
    } finally {
      child.kill("SIGINT")
    }
    expect(await ended).toMatchObject({ code: 0, stderr: "" })
  })

  it("prints how the hosted gateway is called", async () => {
    const { child, said, ended } = khqr("simulator", "--port", "0")
    try {
      await printed(child, said)
      const [, url] = /base URL +(\S+)/.exec(said.stdout)!
      const [, md5] = /merchant id +(\S+)/.exec(said.stdout)!
      const [, key] = /key +(\S+)/.exec(said.stdout)!
      const answer = await fetch(`${url}/v1/generate_deeplink_by_qr`, {
        method: "POST",
        headers: { Authorization: `Bearer ${key}` },
        body: JSON.stringify({
          ...{ md5, amount: 1, currency: "USD" },
          bill_number: "B1",
        }),
      })
      expect(answer.status).toBe(200)
    } finally {
      child.kill("SIGINT")
    }
    await ended
  })

  it("says that a port is taken", async () => {
    const server = net.createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await khqr("simulator", "--port", `${port}`).ended
    server.close()
    expect(code).toBe(1)
    expect(stderr).toBe(
      `khqr simulator: port ${port} is in use: choose another with --port\n`
    )
  })

  it.each([
    [[], 2, "stderr", "Usage: khqr <command>"],
    [["--help"], 0, "stdout", "simulator    run a Bakong"],
    [["simulator", "--help"], 0, "stdout", "--port <number>"],
    [["pay"], 2, "stderr", 'there is no command "pay"'],
    [["simulator", "--prot=1"], 2, "stderr", "Unknown option '--prot'"],
    [["simulator", "--help"], 0, "stdout", "--no-registration"],
    [["simulator", "--daily-limit=-1"], 2, "stderr", "--daily-limit must be"],
    [["simulator", "--port=99999"], 2, "stderr", "--port must be a number"],
  ] as const)("%j ends with %d", async (args, code, stream, text) => {
    const result = await khqr(...args).ended
    expect(result.code).toBe(code)
    expect(result[stream]).toContain(text)
  })
})
