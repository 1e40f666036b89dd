import { join } from "node:path";
import { table } from "../../adapters/cli/output.ts";
import { indexInWorker } from "../../adapters/node/index-in-worker.ts";
import { openQueryWorkers, type QueryWorkers } from "../../adapters/node/query-workers.ts";
import { openQueryReader, type RowPage } from "../../projections/twin-query.ts";
import { parseQuery } from "../../query/parse-query.ts";
import { parsePath } from "../../query/path-text.ts";
import type { SqlPage } from "../../query/sql/compile-sql.ts";
import type { Position } from "../../query/sql/position.ts";
import { findPostgres, loadDocuments, type Postgres, startPostgres } from "./postgres.ts";
import { measureLatencyBesideQueries } from "./query-latency.ts";
import { twinId, writeTwins } from "./query-twins.ts";
import { scratchFolder } from "./servers.ts";

/** A query as the hub and as PostgreSQL know it. */
type Contest = { readonly name: string; readonly query: string; readonly page: SqlPage; readonly sql: string };

const turns = 51;
/** Turns before that are not counted, for both to have met the query. */
const turnsBefore = 10;

/** Indexes that an operator would make for these queries; PostgreSQL's index is over all of the document. */
const indexedPaths = ["tags.location.region", "tags.location.plant"] as const;

const contests = (count: number): readonly Contest[] => {
  const deep = twinId(Math.floor(count * 0.9));
  return [
    {
      name: "equality on a tag, 1 in 1,000",
      query: "SELECT deviceId FROM devices WHERE tags.location.plant = 'plant-17'",
      page: { limit: 10_000 },
      sql: `SELECT device_id FROM twins WHERE document @> '{"tags":{"location":{"plant":"plant-17"}}}' ORDER BY device_id`,
    },
    {
      name: "a range of numbers with a tag",
      query: `SELECT deviceId FROM devices WHERE tags.location.plant = 'plant-17' AND properties.reported.temperature > 75`,
      page: { limit: 10_000 },
      sql: `SELECT device_id FROM twins WHERE document @> '{"tags":{"location":{"plant":"plant-17"}}}'
        AND (document #> '{properties,reported,temperature}')::float8 > 75 ORDER BY device_id`,
    },
    {
      name: "GROUP BY with COUNT",
      query: "SELECT tags.location.region, COUNT() AS n FROM devices GROUP BY tags.location.region",
      page: { limit: 100 },
      sql: "SELECT document #> '{tags,location,region}', count(*) AS n FROM twins GROUP BY 1 ORDER BY 1",
    },
    {
      name: "first page of 100 twins",
      query: "SELECT * FROM devices",
      page: { limit: 100 },
      sql: "SELECT document FROM twins ORDER BY device_id LIMIT 100",
    },
    {
      name: "a page of 100 twins, 90 % down",
      query: "SELECT * FROM devices",
      page: { limit: 100, after: { given: 0, after: [deep] } },
      sql: `SELECT document FROM twins WHERE device_id > '${deep}' ORDER BY device_id LIMIT 100`,
    },
  ];
};

/**
 * Five queries over a million twins (`quick`: a tenth), beside PostgreSQL with JSONB and a GIN index where it is installed, in
 * turns of one run; and what queries do to the latency of telemetry. Gives lines.
 */
export async function* measureQueries(quick: boolean): AsyncGenerator<string, void, void> {
  await using scope = new AsyncDisposableStack();
  const count = quick ? 100_000 : 1_000_000;
  const folder = scratchFolder(scope);
  const file = join(folder, "views.db");
  const bytes = Math.round(writeTwins(file, count));
  yield `queries over ${count.toLocaleString("en")} twins of ${bytes} bytes, medians of ${turns} turns`;
  yield await makeIndexes(file);
  const bin = findPostgres();
  const postgres = bin === undefined ? undefined : await startPostgres(scope, bin);
  if (postgres !== undefined) await loadDocuments(postgres, join(folder, "twins.tsv"), documents(file));
  const workers = scope.use(openQueryWorkers({ file, size: 1 }));
  yield table([headOf(postgres), ...(await measureAll(contests(count), workers, postgres))]);
  await workers[Symbol.asyncDispose]();
  yield await measureLatencyBesideQueries(file, { quick, count });
}

async function makeIndexes(file: string): Promise<string> {
  const times: string[] = [];
  for (const path of indexedPaths) {
    const started = performance.now();
    const index = { collection: "devices", path: parsePath(path, "devices") } as const;
    await indexInWorker({ file, create: [index], drop: [] });
    times.push(`${path} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  return `indexes made, in which time no twin is written: ${times.join(", ")}`;
}

/** All twins, as the hub shows them. */
function* documents(file: string): Generator<readonly [string, string]> {
  const reader = openQueryReader(file);
  let after: Position | undefined;
  do {
    const { rows, next }: RowPage = reader.page(parseQuery("SELECT * FROM devices"), { limit: 1000, after });
    for (const row of rows) yield [(JSON.parse(row) as { deviceId: string }).deviceId, row];
    after = next;
  } while (after !== undefined);
  reader.close();
}

const headOf = (postgres: Postgres | undefined): string[] => [
  "QUERY",
  "ROWS",
  "HUB MS",
  ...(postgres === undefined
    ? ["POSTGRESQL (not installed)"]
    : [`POSTGRESQL ${postgres.version} MS`, "HUB ÷ POSTGRESQL"]),
];

async function measureAll(
  all: readonly Contest[],
  workers: QueryWorkers,
  postgres: Postgres | undefined,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { name, query, page, sql } of all) {
    const [hub, other]: [number[], number[]] = [[], []];
    let found = 0;
    // Turn by turn, so that what else the machine does meets both.
    for (let turn = 0; turn < turnsBefore + turns; turn += 1) {
      const started = performance.now();
      found = (await workers.page(parseQuery(query), page)).rows.length;
      hub.push(performance.now() - started);
      if (postgres !== undefined) other.push(await postgres.time(sql));
    }
    const [ours, theirs] = [median(hub.slice(turnsBefore)), median(other.slice(turnsBefore))];
    const compared = postgres === undefined ? [""] : [theirs.toFixed(2), (ours / theirs).toFixed(2)];
    rows.push([name, String(found), ours.toFixed(2), ...compared]);
  }
  return rows;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

if (import.meta.main) for await (const line of measureQueries(process.argv.includes("--quick"))) console.log(line);
