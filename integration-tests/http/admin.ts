import type { AxiosInstance } from "axios"
import type { MedusaContainer } from "@medusajs/framework/types"
import { Modules } from "@medusajs/framework/utils"
import { createUserAccountWorkflow } from "@medusajs/medusa/core-flows"

/** What an admin's requests carry. */
export type Admin = { headers: { authorization: string } }

const CREDENTIALS = { email: "owner@example.com", password: "khqr-tests" }

/** The shop's owner, logged in. */
export async function createAdmin(
  container: MedusaContainer,
  api: AxiosInstance
): Promise<Admin> {
  const { authIdentity, error } = await container
    .resolve(Modules.AUTH)
    .register("emailpass", { body: CREDENTIALS })
  if (!authIdentity) {
    throw new Error(`The admin could not be made: ${error}`)
  }
  await createUserAccountWorkflow(container).run({
    input: {
      authIdentityId: authIdentity.id,
      userData: { email: CREDENTIALS.email },
    },
  })
  const { data } = await api.post("/auth/user/emailpass", CREDENTIALS)
  return { headers: { authorization: `Bearer ${data.token}` } }
}
