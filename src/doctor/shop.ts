const PACKAGE = "medusa-payment-khqr"

/** The identifier of the provider's class, see `providers/khqr/service.ts`. */
const IDENTIFIER = "khqr"

/** What `medusa-config` says of KHQR payments. */
export type Shop = {
  /** As written, with secrets; `null` where the plugin is not registered. */
  plugin: { options: unknown } | null
  /** Of Medusa's Payment Module. */
  payment: {
    /** It is told to wait for the ledger. */
    dependsOnKhqr: boolean
    /** `pp_khqr_bakong`: as shops, regions and payments know the provider. */
    providerIds: string[]
  }
  database: {
    url: string | undefined
    schema: string | undefined
    driverOptions: Record<string, unknown>
  }
}

type Loose = Record<string, unknown>

/**
 * Reads what `medusa-config` exports, be it by `defineConfig` (modules by their
 * names), a plain object, or what a running Medusa made of either.
 */
export function readShop(config: unknown): Shop {
  const { projectConfig, plugins, modules } = asLoose(config)
  const { databaseUrl, databaseSchema, databaseDriverOptions } =
    asLoose(projectConfig)
  const entries = listModules(modules)
  const payment = asLoose(
    entries.find(({ name, entry }) => isPayment(name, entry))?.entry
  )
  return {
    plugin: findPlugin(plugins, entries),
    payment: {
      dependsOnKhqr: asList(payment.dependencies).includes("khqr"),
      providerIds: asList(asLoose(payment.options).providers)
        .map(asLoose)
        .filter(({ resolve }) => isOurProvider(resolve))
        .map(({ id }) => `pp_${IDENTIFIER}${id ? `_${String(id)}` : ""}`),
    },
    database: {
      url: asText(databaseUrl),
      schema: asText(databaseSchema),
      driverOptions: asLoose(databaseDriverOptions),
    },
  }
}

type Entry = { name: string | null; entry: unknown }

/** An array in a plain configuration, an object by name after `defineConfig`. */
function listModules(modules: unknown): Entry[] {
  if (Array.isArray(modules)) {
    return modules.map((entry) => ({
      name: asText(asLoose(entry).key) ?? null,
      entry,
    }))
  }
  return Object.entries(asLoose(modules)).map(([name, entry]) => ({
    name,
    entry,
  }))
}

/** A merchant's shop lists the package; a root of its own, as this repository's, registers the module. */
function findPlugin(plugins: unknown, entries: Entry[]): Shop["plugin"] {
  const plugin = asList(plugins).find((one) =>
    isOurPackage(typeof one === "string" ? one : asLoose(one).resolve)
  )
  if (plugin !== undefined) {
    return { options: asLoose(plugin).options ?? {} }
  }
  const found = entries.find(
    ({ name, entry }) => name === "khqr" || isOurModule(asLoose(entry).resolve)
  )
  return found ? { options: asLoose(found.entry).options ?? {} } : null
}

const isPayment = (name: string | null, entry: unknown): boolean =>
  name === "payment" ||
  /^@medusajs\/(medusa\/)?payment$/.test(asText(asLoose(entry).resolve) ?? "")

const isOurPackage = (resolve: unknown): boolean =>
  toPath(resolve).split("/").pop() === PACKAGE

const isOurModule = (resolve: unknown): boolean =>
  /(^|\/)modules\/khqr(\/index(\.[jt]s)?)?$/.test(toPath(resolve))

const isOurProvider = (resolve: unknown): boolean =>
  /(^|\/)providers\/khqr(\/index(\.[jt]s)?)?$/.test(toPath(resolve))

const toPath = (resolve: unknown): string =>
  (asText(resolve) ?? "").replaceAll("\\", "/").replace(/\/+$/, "")

const asLoose = (value: unknown): Loose =>
  typeof value === "object" && value !== null ? (value as Loose) : {}

const asList = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : []

const asText = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined
