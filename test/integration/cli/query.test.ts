import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { spawnHub } from "../../support/hub-process.ts";
import { waitFor } from "../../support/wait-for.ts";

const main = join(import.meta.dirname, "../../../adapters/cli/main.ts");
const run = promisify(execFile);

// spec/query-language 1
test("a query is run and explained, and an index made for it, by command line", async (t) => {
  const dataFolder = mkdtempSync(join(tmpdir(), "twinstream-cli-"));
  const hub = await spawnHub({ dataFolder });
  t.after(async () => {
    await hub.stop("SIGTERM");
    rmSync(dataFolder, { recursive: true, force: true });
  });
  const twinstream = async (...words: readonly string[]): Promise<string> =>
    (await run(process.execPath, [main, ...words, "--data", dataFolder])).stdout.trimEnd();
  const refused = async (...words: readonly string[]): Promise<{ stderr: string }> => {
    const failure: unknown = await twinstream(...words).then(
      () => assert.fail("the command succeeded"),
      (error: unknown) => error,
    );
    return failure as { stderr: string };
  };

  for (const name of ["a", "b", "c"]) {
    await twinstream("device", "create", `query-${name}`);
    await twinstream("twin", "patch", `query-${name}`, "--tags", JSON.stringify({ floor: name === "c" ? 2 : 1 }));
  }
  const text = "SELECT deviceId, tags.floor FROM devices WHERE tags.floor = 1";
  assert.equal(await twinstream("query", text), "deviceId  floor\nquery-a   1\nquery-b   1");
  assert.equal(await twinstream("query", text, "--json", "--top", "1"), '{"deviceId":"query-a","floor":1}');
  const twins = await twinstream("query", "SELECT * FROM devices WHERE deviceId = 'query-c'");
  assert.match(twins, /^deviceId +status +connectionState +lastActivityTime +version\nquery-c +enabled +Disconnected /);
  const refusal = await refused("query", "SELECT * FROM devices WHERE");
  assert.match(refusal.stderr, /^ArgumentInvalid: Line 1:28 /);
  assert.match((await refused("query", "SELECT", "*")).stderr, /put it in quotes/);

  assert.match(await twinstream("query", text, "--explain"), /^indexes: none$/m);
  assert.equal(await twinstream("index", "create", "tags.floor"), "created the index on tags.floor of devices");
  await waitFor("the index", async () =>
    /^tags\.floor +devices +operator +yes$/m.test(await twinstream("index", "list")),
  );
  // With so few twins SQLite may well do without it.
  assert.match(await twinstream("query", text, "--explain"), /^indexes: (?:tags\.floor|none)$/m);
  assert.equal(await twinstream("query", text, "--top", "1"), "deviceId  floor\nquery-a   1");
  await twinstream("index", "delete", "tags.floor");
  assert.match((await refused("index", "delete", "tags.floor")).stderr, /GenericNotFound/);
  assert.match((await refused("index", "create", "tags.group")).stderr, /ArgumentInvalid: Line 1:6 /);
  assert.match((await refused("index", "make", "tags.a")).stderr, /index make is unknown/);
});
