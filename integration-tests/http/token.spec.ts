import type { AxiosInstance } from "axios"
import type { MedusaContainer } from "@medusajs/framework/types"
import { Modules } from "@medusajs/framework/utils"
import { medusaIntegrationTestRunner } from "@medusajs/test-utils"

import type { TokenState } from "../../src/modules/khqr/bank/tokens"
import { startBank, World } from "./world"

const EMAIL = "owner@lucky.test"

process.env.BAKONG_EMAIL = EMAIL

const bank = startBank()

afterAll(() => {
  delete process.env.BAKONG_EMAIL
})

/** The shop's owner in the dashboard. */
async function logIn(api: AxiosInstance, container: MedusaContainer) {
  const credentials = { email: "admin@lucky.test", password: "correct-horse" }
  const [user] = await container
    .resolve(Modules.USER)
    .createUsers([{ email: credentials.email }])
  const { data: registered } = await api.post(
    "/auth/user/emailpass/register",
    credentials
  )
  const { auth_identity_id } = JSON.parse(
    Buffer.from(registered.token.split(".")[1], "base64url").toString()
  )
  await container
    .resolve(Modules.AUTH)
    .updateAuthIdentities([
      { id: auth_identity_id, app_metadata: { user_id: user.id } },
    ])
  const { data } = await api.post("/auth/user/emailpass", credentials)
  return { headers: { authorization: `Bearer ${data.token}` } }
}

medusaIntegrationTestRunner({
  moduleName: "khqr-token",
  testSuite: ({ api, getContainer }) => {
    const world = new World(api, getContainer)
    let owner: { headers: Record<string, string> }
    const answers: unknown[] = []

    beforeAll(async () => {
      owner = await logIn(api, getContainer())
    })

    const send = async (
      method: "GET" | "POST",
      path = "",
      body?: object
    ): Promise<{
      status: number
      data: { token: TokenState; message: string }
    }> => {
      const answer = await api.request({
        method,
        url: `/admin/khqr/token${path}`,
        data: body,
        ...owner,
        validateStatus: () => true,
      })
      answers.push(answer.data)
      return answer
    }

    const newToken = () => bank().issueToken({ expiresInSeconds: 80 * 86_400 })

    it("is told to the owner only", async () => {
      const { status } = await api.get("/admin/khqr/token", {
        validateStatus: () => true,
      })
      expect(status).toBe(401)
      expect((await send("GET")).data.token).toMatchObject({
        usable: true,
        source: "option",
        can_renew: true,
        can_store: true,
        expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
      })
    })

    it("is pasted, and named when it is of no use", async () => {
      const pasted = ` "Bearer ${newToken()}"\n`
      expect(await send("POST", "", { token: pasted })).toMatchObject({
        status: 200,
        data: { token: { usable: true } },
      })
      const expired = bank().issueToken({ expiresInSeconds: -60 })
      expect(await send("POST", "", { token: expired })).toMatchObject({
        status: 400,
        data: { message: expect.stringMatching(/^This token expired on/) },
      })
      expect((await send("POST", "", {})).status).toBe(400)
    })

    it("is registered for: a code is mailed, and becomes the token", async () => {
      const applicant = {
        email: "new@lucky.test",
        organization: "Lucky",
        project: "Shop",
      }
      expect((await send("POST", "/register", applicant)).status).toBe(200)
      const { code } = bank().mailbox.at(-1)!
      const { status, data } = await send("POST", "/verify", { code })
      expect(status).toBe(200)
      expect(data.token.usable).toBe(true)
      expect(await send("POST", "/verify", { code })).toMatchObject({
        status: 400,
        data: { message: expect.stringContaining("does not take this code") },
      })
    })

    it("is not registered for where the server offers it no more", async () => {
      bank().setFault({ kind: "answer", status: 404, body: "{}" })
      const { status, data } = await send("POST", "/register", {
        email: "new@lucky.test",
        organization: "Lucky",
        project: "Shop",
      })
      expect(status).toBe(400)
      expect(data.message).toBe(
        "This server does not offer registration any more: request the token on Bakong's website and paste it."
      )
    })

    it("is renewed by a person's wish, and the bank's refusal is a sentence", async () => {
      const renewed = await send("POST", "/renew")
      expect(renewed).toMatchObject({
        status: 200,
        data: { token: { usable: true } },
      })
      bank().setFault({ kind: "forbidden" })
      expect(await send("POST", "/renew")).toMatchObject({
        status: 400,
        data: { message: expect.stringContaining("HTTP 403") },
      })
    })

    it("appears in no answer, and neither does the e-mail", async () => {
      const written = JSON.stringify(answers)
      expect(written).not.toContain("eyJ")
      expect(written).not.toContain(EMAIL)
      expect(world.khqr.options.bakong.email).toBe(EMAIL)
    })
  },
})
