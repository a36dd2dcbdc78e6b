import request from "supertest"
import { FAULT_KINDS, type FaultInput, type Simulator } from ".."
import { call, closeAll, dynamicQr, start, UNPAID } from "./world"

afterEach(closeAll)

const ask = (simulator: Simulator, name = "check_transaction_by_md5") =>
  call(simulator, name, { md5: UNPAID })

/** Which of so many calls go wrong: "-" right, "x" wrong. */
const pattern = async (simulator: Simulator, calls: number) => {
  let seen = ""
  for (let asked = 0; asked < calls; asked += 1) {
    seen += (await ask(simulator)).status === 200 ? "-" : "x"
  }
  return seen
}

describe("a scripted fault", () => {
  it.each([
    [{ every: 3 }, "--x--x--x"],
    [{ after: 2 }, "--xxxxxxx"],
    [{ after: 2, times: 3 }, "--xxx----"],
    [{ after: 1, every: 2, times: 2 }, "--x-x----"],
    [{ times: 1 }, "x--------"],
  ])("with %j spoils %s", async (script, spoiled) => {
    const { simulator } = await start()
    simulator.setFault({ kind: "server_error", ...script })
    expect(await pattern(simulator, 9)).toBe(spoiled)
  })

  it("counts the calls of its own endpoint only", async () => {
    const { simulator } = await start()
    simulator.setFault({
      kind: "server_error",
      endpoint: "/v1/check_transaction_by_md5",
      every: 2,
    })
    await ask(simulator)
    await ask(simulator, "check_transaction_by_hash").expect(400)
    await ask(simulator).expect(500)
  })

  it("lets an older one go first and is due in its own time", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "html", times: 1 })
    simulator.setFault({ kind: "server_error", after: 1 })
    const said = [await ask(simulator), await ask(simulator)]
    expect(said.map(({ status }) => status)).toEqual([200, 500])
    expect(simulator.requests.map(({ fault }) => fault)).toEqual([
      "html",
      "server_error",
    ])
  })

  it("tells callers abroad nothing but nginx's 403", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "forbidden" })
    const { status, text, headers } = await ask(simulator)
    expect(status).toBe(403)
    expect(headers["content-type"]).toBe("text/html")
    expect(text).toContain("<center>nginx</center>")
  })

  it("may be late, whatever it is", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "server_error", delayMs: 30 })
    const began = performance.now()
    await ask(simulator).expect(500)
    expect(performance.now() - began).toBeGreaterThanOrEqual(29)
  })
})

describe('the fault "answer"', () => {
  const answered = async (fault: Partial<FaultInput>) => {
    const { simulator } = await start()
    const { qr, md5 } = dynamicQr()
    simulator.pay({ qr })
    simulator.setFault({ kind: "answer", ...fault })
    return call(simulator, "check_transaction_by_md5", { md5 })
  }

  it("sends JSON with status and headers", async () => {
    const { status, body, headers } = await answered({
      status: 503,
      body: { responseCode: 1, errorCode: 9 },
      headers: { "Retry-After": "7" },
    })
    expect(status).toBe(503)
    expect(body).toEqual({ responseCode: 1, errorCode: 9 })
    expect(headers).toMatchObject({
      "retry-after": "7",
      "content-type": "application/json",
    })
  })

  it("sends text as it is", async () => {
    const { status, text, headers } = await answered({ body: '{"cut' })
    expect(status).toBe(200)
    expect(text).toBe('{"cut')
    expect(headers["content-type"]).toBe("text/plain")
  })

  it("leaves the bank's own body under another status", async () => {
    const { status, body } = await answered({ status: 502 })
    expect(status).toBe(502)
    expect(body).toMatchObject({ responseCode: 0, data: { amount: 12.5 } })
  })

  it("sends a plain null", async () => {
    expect((await answered({ body: null })).text).toBe("null")
  })
})

describe("faults over the control API", () => {
  it("shows what was set", async () => {
    const { simulator } = await start()
    const fault = {
      kind: "answer",
      endpoint: "hosted/check_transaction_by_hash",
      delayMs: 5,
      after: 1,
      every: 2,
      times: 3,
      status: 418,
      body: { short: "and stout" },
      headers: { "X-Tea": "yes" },
    }
    const { body } = await request(simulator.url)
      .post("/_control/faults")
      .send({ ...fault, endpoint: "/hosted/v1/check_transaction_by_hash" })
    expect(body).toEqual({ faults: [fault] })
  })

  it.each([
    [{ kind: "answer", status: 99 }, "status"],
    [{ kind: "answer", headers: "X" }, "headers"],
    [{ kind: "answer", headers: { "bad name": "x" } }, "headers"],
    [{ kind: "answer", headers: { "X-Ok": "a\r\nb" } }, "headers"],
    [{ kind: "answer", headers: { "X-Ok": 1 } }, "headers"],
    [{ kind: "answer" }, "status"],
    [{ kind: "html", status: 500 }, "status"],
    [{ kind: "html", body: "x" }, "body"],
    [{ kind: "html", every: 0 }, "every"],
    [{ kind: "html", after: -1 }, "after"],
    [{ kind: "html", endpoint: "hosted/verify" }, "endpoint"],
  ])("refuses %j, naming %s", async (fault, field) => {
    const { simulator } = await start()
    const refused = await request(simulator.url)
      .post("/_control/faults")
      .send(fault)
    expect(refused.status).toBe(400)
    expect(refused.body.field).toBe(field)
    expect(simulator.faults).toEqual([])
  })
})

describe("the page of faults", () => {
  const submit = (simulator: Simulator, form: Record<string, string>) =>
    request(simulator.url).post("/faults").type("form").send(form)

  const blank = { endpoint: "", delayMs: "", after: "", status: "", body: "" }

  it("sets a fault by a plain form", async () => {
    const { simulator } = await start()
    const form = await request(simulator.url).get("/faults").expect(200)
    expect(form.text).toContain('<form class="card" method="post"')
    expect(form.text).not.toContain("<script")
    const set = await submit(simulator, {
      ...blank,
      kind: "answer",
      endpoint: "check_transaction_by_md5",
      status: "503",
      body: "<busy>",
      every: "2",
      times: "4",
      action: "add",
    })
    expect(set.status).toBe(303)
    expect(simulator.faults).toMatchObject([
      {
        kind: "answer",
        endpoint: "check_transaction_by_md5",
        status: 503,
        body: "<busy>",
        every: 2,
        times: 4,
      },
    ])
    const { text } = await request(simulator.url).get(set.headers.location)
    expect(text).toContain("every 2nd")
    expect(text).toContain("503 &lt;busy&gt;")
    await ask(simulator)
    const { text: said } = await ask(simulator).expect(503)
    expect(said).toBe("<busy>")
  })

  it("says of each kind what the caller gets", async () => {
    const { simulator } = await start()
    const { text } = await request(simulator.url).get("/faults")
    for (const kind of FAULT_KINDS) {
      expect(text).toMatch(
        new RegExp(`<code>${kind}</code>\\s*</td>\\s*<td>\\w`)
      )
    }
  })

  it("refuses an answer that says nothing", async () => {
    const { simulator } = await start()
    const form = { ...blank, kind: "answer", action: "add" }
    const { text } = await submit(simulator, form).expect(400)
    expect(text).toContain("`status` or `body` must be given")
  })

  it("clears all of them", async () => {
    const { simulator } = await start()
    simulator.setFault({ kind: "html" })
    await submit(simulator, { kind: "down", action: "clear" }).expect(303)
    expect(simulator.faults).toEqual([])
  })

  it("says what is wrong and keeps what was typed", async () => {
    const { simulator } = await start()
    const { status, text } = await submit(simulator, {
      ...blank,
      kind: "slow",
      delayMs: "soon",
      action: "add",
    })
    expect(status).toBe(400)
    expect(text).toContain("`delayMs` must be an integer")
    expect(text).toMatch(/value="soon"/)
    expect(text).toContain('<option value="slow" selected>')
    expect(simulator.faults).toEqual([])
  })
})
