import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, createWriteStream, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { scratchFolder } from "./servers.ts";

/** A PostgreSQL server of the run's own. */
export type Postgres = {
  readonly version: string;
  /** Runs SQL and gives what it prints. */
  run(sql: string): string;
  /** Runs a statement, in the one session for all, and gives its time in ms, its rows' way to the client included. */
  time(sql: string): Promise<number>;
};

const installed = "/usr/lib/postgresql";

/** The folder of the newest server that Debian's packages have put here, if there is one. */
export function findPostgres(): string | undefined {
  if (!existsSync(installed)) return undefined;
  const versions = readdirSync(installed).filter((version) => existsSync(join(installed, version, "bin/postgres")));
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest && join(installed, newest, "bin");
}

/** Starts a server with room for its data in memory. It ends with the scope. */
export async function startPostgres(scope: AsyncDisposableStack, bin: string): Promise<Postgres> {
  const folder = scratchFolder(scope);
  const data = join(folder, "data");
  mkdirSync(data);
  const user = unprivileged();
  if (user !== undefined) for (const path of [folder, data]) chownSync(path, user.uid, user.gid);
  const options = { stdio: "ignore", cwd: folder, ...user } as const;
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "bench", "-A", "trust", "--locale=C", "-E", "UTF8"], options);
  const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "shared_buffers=2GB", "work_mem=64MB"];
  const words = [...settings, "effective_cache_size=8GB", "random_page_cost=1.1", "max_wal_size=8GB", "jit=off"];
  const server = spawn(join(bin, "postgres"), ["-D", data, ...words.flatMap((word) => ["-c", word])], options);
  const gone = once(server, "exit");
  scope.defer(async () => {
    server.kill("SIGINT");
    await gone;
  });
  const login = ["-h", folder, "-U", "bench", "-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1"];
  const psql = (input: string): string =>
    execFileSync(join(bin, "psql"), login, { input, encoding: "utf8", stdio: "pipe" });
  await untilReady(() => psql("SELECT 1"));
  const version = /PostgreSQL ([\d.]+)/.exec(psql("SELECT version()"))?.[1] ?? "";
  return {
    version,
    run: psql,
    time: openSession(scope, join(bin, "psql"), login),
  };
}

/** A session of `psql` that tells the time of each statement and throws their rows away. */
function openSession(scope: AsyncDisposableStack, psql: string, login: readonly string[]): Postgres["time"] {
  let session: { readonly child: ChildProcess; readonly times: AsyncIterator<string> } | undefined;
  const open = () => {
    const child = spawn(psql, login, { stdio: ["pipe", "pipe", "inherit"] });
    scope.defer(() => void child.kill());
    child.stdin.write("\\timing on\n\\o /dev/null\n");
    return { child, times: createInterface(child.stdout)[Symbol.asyncIterator]() };
  };
  return async (sql) => {
    session ??= open();
    session.child.stdin?.write(`${sql.replaceAll("\n", " ")};\n`);
    const { value = "" } = await session.times.next();
    return Number(/Time: ([\d.]+) ms/.exec(String(value))?.[1]);
  };
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

async function untilReady(attempt: () => unknown): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return void attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Fills a table `twins` of keys and documents, which are JSON texts, with a GIN index over the documents. */
export async function loadDocuments(postgres: Postgres, file: string, rows: Iterable<readonly [string, string]>) {
  const out = createWriteStream(file);
  for (const [key, document] of rows) {
    if (!out.write(`${key}\t${document.replaceAll("\\", "\\\\")}\n`)) await once(out, "drain");
  }
  out.end();
  await finished(out);
  postgres.run(`CREATE TABLE twins (device_id text COLLATE "C" PRIMARY KEY, document jsonb NOT NULL);
    \\copy twins FROM '${file}'
    CREATE INDEX twins_document ON twins USING gin (document jsonb_path_ops);
    VACUUM ANALYZE twins;`);
}
