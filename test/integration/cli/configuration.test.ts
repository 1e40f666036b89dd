import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { spawnHub } from "../../support/hub-process.ts";
import { waitFor } from "../../support/wait-for.ts";

const main = join(import.meta.dirname, "../../../adapters/cli/main.ts");
const run = promisify(execFile);

// spec/twins-methods-jobs 12
test("a configuration is created, listed, shown, changed, applied and deleted by command line", async (t) => {
  const dataFolder = mkdtempSync(join(tmpdir(), "twinstream-cli-"));
  const hub = await spawnHub({ dataFolder });
  t.after(async () => {
    await hub.stop("SIGTERM");
    rmSync(dataFolder, { recursive: true, force: true });
  });
  const twinstream = async (...words: readonly string[]): Promise<string> =>
    (await run(process.execPath, [main, ...words, "--data", dataFolder])).stdout.trimEnd();
  const json = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse(await twinstream(...words, "--json"));
  const refused = async (...words: readonly string[]): Promise<{ stderr: string }> => {
    const failure: unknown = await twinstream(...words).then(
      () => assert.fail("the command succeeded"),
      (error: unknown) => error,
    );
    return failure as { stderr: string };
  };

  await twinstream("twin", "patch", "device-1", "--tags", '{"ring": "cli"}');
  const content = '{"deviceContent": {"properties.desired.level": 3}}';
  const create = ["configuration", "create", "cli-config", "--content", content];
  const metrics = '{"all": "select deviceId from devices"}';
  assert.equal(
    await twinstream(...create, "--target", "tags.ring = 'cli'", "--priority", "2", "--metrics", metrics),
    "cli-config",
  );
  assert.match((await refused(...create)).stderr, /ConfigurationAlreadyExists/);
  await waitFor("the configuration", async () => {
    const twin = (await json("twin", "show", "device-1")) as { properties: { desired: { level?: number } } };
    return twin.properties.desired.level === 3;
  });
  await waitFor("its counts", async () => {
    const lines = await twinstream("configuration", "list");
    return /^cli-config +deviceContent +2 +1 +1 +tags\.ring = 'cli'$/m.test(lines);
  });
  const shown = (await json("configuration", "show", "cli-config")) as { content: unknown; etag: string };
  assert.deepEqual(shown.content, JSON.parse(content));
  const update = ["configuration", "update", "cli-config", "--target", "", "--labels", '{"a": "b"}'];
  const updated = (await json(...update, "--etag", shown.etag)) as { labels: unknown; priority: number };
  assert.deepEqual([updated.labels, updated.priority], [{ a: "b" }, 2]);
  assert.match((await refused(...update, "--etag", shown.etag)).stderr, /PreconditionFailed/);
  const file = join(dataFolder, "content.json");
  writeFileSync(file, '{"modulesContent": {"m": {"properties.desired": {"x": 1}}}}');
  await twinstream("device", "create", "cli-edge", "--edge");
  assert.equal(await twinstream("configuration", "apply", "cli-edge", "--content", `@${file}`), "applied to cli-edge");
  const twin = (await json("twin", "show", "cli-edge", "--module", "m")) as {
    properties: { desired: { x: number } };
  };
  assert.equal(twin.properties.desired.x, 1);
  assert.equal(await twinstream("configuration", "delete", "cli-config"), "deleted cli-config");
  for (const [words, fault] of [
    [["show", "cli-config"], /ConfigurationNotFound/],
    [["create", "x"], /--content is missing/],
    [["create", "x", "--content", "[1]"], /--content must be a JSON object/],
    [["create", "x", "--content", "@nowhere"], /can't be read/],
    [["update", "x"], /nothing to change/],
    [["change", "x"], /configuration change is unknown/],
  ] as const) {
    assert.match((await refused("configuration", ...words)).stderr, fault);
  }
});
