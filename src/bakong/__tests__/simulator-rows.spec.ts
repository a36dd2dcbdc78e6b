import type { SimulatorOptions } from "../../simulator"
import {
  ANSWERS,
  type AnswerRow,
  ASKING,
  ENDPOINTS,
  PLACES,
  STATUSES,
  TRACKINGS,
  WILD,
  WILD_NOW,
} from "./simulator-rows"
import {
  khqr,
  openWorld,
  questions,
  STRANGE_HASH,
  STRANGE_MD5,
  told,
  wordOf,
  type World,
} from "./simulator-world"

const worlds: World[] = []

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

const open = async (options?: SimulatorOptions, timeoutMs?: number) => {
  const world = await openWorld(options, timeoutMs)
  worlds.push(world)
  return world
}

/** HTTP status, responseCode, errorCode. */
const onRecord = ({ calls }: World) => {
  const { httpStatus, responseCode, errorCode } = calls.at(-1)!
  return [httpStatus, responseCode, errorCode]
}

/** Which of the two endpoints, for each call since the first `seen`. */
const asked = ({ calls }: World, seen: number) =>
  calls
    .slice(seen)
    .map(({ endpoint }) => (endpoint.endsWith("_list") ? "list" : "single"))

describe("The endpoint", () => {
  it.each(ENDPOINTS)(
    "$name",
    async ({ name, auth, succeeds, call, refuses = [], limits }) => {
      const world = await open()
      const { answer, expected, sent } = await succeeds(world)
      expect(answer).toEqual(expected)
      expect(world.bank.requests.at(-1)).toMatchObject({
        endpoint: name,
        body: sent,
        hasToken: auth === "Bearer",
      })
      expect(onRecord(world)).toEqual([200, 0, null])

      for (const [ask, word] of refuses) {
        expect(await told(ask(world))).toBe(word)
        expect(onRecord(world)).toEqual([200, 1, expect.any(Number)])
      }

      const expired = world.bank.issueToken({ expiresInSeconds: -1 })
      await told(call(world.clientWith(expired)))
      if (auth === "Bearer") {
        expect(onRecord(world)).toEqual([401, 1, 6])
      } else {
        expect(world.bank.requests.at(-1)).toMatchObject({ hasToken: false })
        expect(onRecord(world)).not.toContain(401)
      }

      const before = world.bank.requests.length
      for (const [ask, complaint] of limits) {
        expect(await told(ask(world.client))).toContain(complaint)
      }
      expect(world.bank.requests).toHaveLength(before)
    }
  )
})

const begin = async ({ options, timeoutMs, given }: AnswerRow) => {
  const world = await open(options, timeoutMs)
  return { world, md5: (await given(world)) ?? STRANGE_MD5 }
}

describe("The answer", () => {
  it.each(ANSWERS)("$name", async (row) => {
    const { world, md5 } = await begin(row)

    const { outcome, call } = await world.client.checkTransactionByMd5(md5)
    expect(wordOf(outcome)).toBe(row.outcome)
    if (row.retryAfterMs !== undefined) {
      expect(outcome).toMatchObject({ retryAfterMs: row.retryAfterMs })
    }
    const [httpStatus, responseCode, errorCode] = row.call
    expect(call).toMatchObject({
      sent: true,
      httpStatus,
      responseCode,
      errorCode,
    })

    const other = row.other ?? ((client) => client.generateDeeplink(khqr().qr))
    const word = String(await told(other(world.client)))
    if (row.error === null) {
      expect(word).toContain(`${world.bank.url}/pay`)
    } else {
      expect(word).toBe(row.error)
    }

    const seen = world.calls.length
    const sixty = questions(60)
    sixty[0].md5 = md5
    const [first] = await world.gateway.check(sixty, "check")
    expect(asked(world, seen)).toEqual(ASKING[row.asking])
    expect(wordOf(first.outcome)).toBe(row.outcome)
    expect(world.listClosedUntil() !== null).toBe(row.asking === "one by one")
  })

  it.each(PLACES)("$name", async ({ given, call }) => {
    const world = await open()
    given(world)
    await world.client.ping()
    expect(onRecord(world)).toEqual(call)
    expect(world.bank.requests.at(-1)).toMatchObject({ hasToken: false })
  })
})

describe("In a list, the", () => {
  it.each(STATUSES)("$name", async ({ given, outcome }) => {
    const world = await open()
    const md5 = given(world)
    const { outcomes } = await world.client.checkTransactionByMd5List([
      md5,
      STRANGE_MD5,
    ])
    expect(wordOf(outcomes.get(md5)!)).toBe(outcome)
    expect(outcomes.get(STRANGE_MD5)).toEqual({ type: "not_found" })
    expect(onRecord(world)).toEqual([200, 0, null])
  })
})

describe("The transfer with", () => {
  it.each(TRACKINGS)("$name", async ({ word, outcome }) => {
    const world = await open()
    const { qr, md5 } = khqr()
    const [{ hash }] = world.bank.pay({ qr, trackingStatus: word })
    const answers = [
      (await world.client.checkTransactionByMd5(md5)).outcome,
      (await world.client.checkTransactionByHash(hash)).outcome,
      (await world.client.checkTransactionByMd5List([md5])).outcomes.get(md5)!,
    ]
    for (const answer of answers) {
      expect(wordOf(answer)).toBe(outcome)
      expect(answer).toMatchObject({
        transaction: { hash, trackingStatus: word },
      })
    }
    expect(onRecord(world)).toEqual([200, 0, null])
  })
})

const RIGHT = ["not_found", "paid", "not_found"]

describe("Met in the wild:", () => {
  it.each(WILD)(
    "$name",
    async ({ options, transaction = {}, list = RIGHT }) => {
      const world = await open({ ...options, now: () => WILD_NOW })
      const { client, bank } = world
      const { qr, md5 } = khqr()
      const [{ hash }] = bank.pay({ qr })
      const isRight = { type: "paid", transaction: { hash, ...transaction } }

      const single = await client.checkTransactionByMd5(md5)
      expect(single.outcome).toMatchObject(isRight)
      expect(onRecord(world)).toEqual([200, 0, null])

      const byMd5 = await client.checkTransactionByMd5List([
        STRANGE_MD5,
        md5,
        "e".repeat(32),
      ])
      expect([...byMd5.outcomes.values()].map(wordOf)).toEqual(list)
      expect(byMd5.outcomes.get(md5)).toMatchObject(isRight)
      expect(onRecord(world)).toEqual([200, 0, null])

      const byHash = await client.checkTransactionByHashList([
        "e".repeat(64),
        hash,
        STRANGE_HASH,
      ])
      expect([...byHash.outcomes.values()].map(wordOf)).toEqual(list)
      expect(byHash.outcomes.get(hash)).toMatchObject(isRight)
    }
  )
})
