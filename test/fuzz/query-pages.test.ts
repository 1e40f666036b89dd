import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { HubError } from "../../core/hub-error.ts";
import { openStore } from "../../projections/store.ts";
import { tokensOf } from "../../query/lexer.ts";
import { queriesOver } from "../support/queries-over.ts";
import { deviceQueries } from "../support/query-appendix-b.ts";
import { moduleAndJobQueries } from "../support/query-appendix-c.ts";
import { deviceFixtures, moduleFixtures } from "../support/query-fixtures.ts";
import { writeFleet } from "../support/query-fleet.ts";

const budgetMs = 4_000;
/** So many texts in place of that time: `TWINSTREAM_FUZZ_RUNS=1000000`. */
const runs = Number(process.env.TWINSTREAM_FUZZ_RUNS ?? 0);
const parameters =
  runs > 0
    ? { numRuns: runs, endOnFailure: true }
    : { interruptAfterTimeLimit: budgetMs, markInterruptAsFailure: false, numRuns: 1_000_000, endOnFailure: true };

const extended = [
  "EXPLAIN SELECT DISTINCT TOP 3 status, tags.a FROM devices WHERE NOT tags.a LIKE '%x\\\\_' ORDER BY status DESC OFFSET 2",
  "SELECT tags.a, COUNT() AS n FROM devices.modules GROUP BY tags.a HAVING n > 1 ORDER BY n DESC",
  "SELECT AVG(tags.n) a, MIN(tags.n), MAX(tags.n), SUM(tags.n) FROM devices WHERE -(tags.n + 2) * 3 % 0x1F / 4 <= 1.5e-3",
  "SELECT * FROM devices.jobs WHERE jobId NOT IN [true, undefined, null] ORDER BY status",
];
const seeds = [...deviceQueries, ...moduleAndJobQueries].map(({ query }) => query).concat(extended);
const strangers = [
  "'",
  '"',
  "[[",
  "]]",
  "/*",
  "\\",
  "\u0000",
  "\uD800",
  "1e999",
  "-",
  "(",
  "$1",
  "9".repeat(400),
  "__proto__",
];
const words = [...new Set(seeds.flatMap((seed) => tokensOf(seed).map(({ image }) => image))), ...strangers];

/** A query that someone sends, with some words in place of others, left out or put in. */
const text = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(60), fc.constantFrom(0, 1, 1, 1, 2), fc.constantFrom(...words)), { maxLength: 4 }),
  )
  .map(([seed, edits]) => {
    const images = tokensOf(seed).map(({ image }) => image);
    for (const [at, removed, word] of edits) images.splice(at % (images.length + 1), removed, word);
    return images.join(" ");
  });
const token = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.stringMatching(/^[\w-]{1,60}$/) },
);

// spec/query-language 11: answered or refused, whatever comes
test("any text is answered page by page, or refused in words", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-fuzz-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "views.db");
  const { store } = openStore(file);
  t.after(() => store.close());
  writeFleet(
    store,
    [...deviceFixtures, ...moduleFixtures].map(({ configurations: _configurations, ...member }) => member),
  );
  const queries = queriesOver(t, file);
  const outcomes = { answered: 0, continued: 0, refused: 0 };

  const ask = async (query: string, after: string | undefined): Promise<string | undefined> => {
    try {
      const { rows, next } = await queries.page(query, { limit: 2, ...(after !== undefined && { after }) });
      for (const row of rows) assert.equal(typeof JSON.parse(row), "object");
      outcomes.answered += 1;
      return next;
    } catch (error) {
      assert.ok(error instanceof HubError, String(error));
      assert.equal(error.reason, "ArgumentInvalid");
      assert.match(error.message, /^(Line \d+:\d+ |x-ms-continuation )/);
      outcomes.refused += 1;
      return undefined;
    }
  };
  const property = fc.asyncProperty(text, token, async (query, after) => {
    const next = await ask(query, after);
    if (next === undefined) return;
    outcomes.continued += 1;
    await ask(query, next);
  });
  await fc.assert(property, parameters);
  t.diagnostic(JSON.stringify(outcomes));
  for (const count of Object.values(outcomes)) assert.ok(count > 0, JSON.stringify(outcomes));
});
