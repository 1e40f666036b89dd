import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { owner } from "../support/domain-hub.ts";
import { startHub } from "../support/hub.ts";
import { spawnHub } from "../support/hub-process.ts";
import { startNats } from "../support/nats.ts";
import { waitFor } from "../support/wait-for.ts";

const deviceCount = 3_000;
/** What a lease lives for, and a little. */
const takeoverMs = 15_000;

// spec/twins-methods-jobs 12
test("a node killed with -9 in the middle of a pass is replaced, and every device is configured once", {
  timeout: 180_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const scope = { after: (undo: () => unknown) => stack.defer(async () => void (await undo())) };
  const nats = await startNats(scope);
  const dataFolder = mkdtempSync(join(tmpdir(), "twinstream-chaos-"));
  scope.after(() => rmSync(dataFolder, { recursive: true, force: true }));
  // The first node wins the lease, and the second one shares the key that seals secrets.
  const first = await spawnHub({ dataFolder, flags: ["--nats-url", nats.url] });
  scope.after(() => first.stop("SIGKILL"));
  const masterKey = readFileSync(join(dataFolder, "master.key"), "utf8").trim();
  const { hub } = (await startHub(scope, { natsUrl: nats.url, masterKey })).node;

  const ids = Array.from({ length: deviceCount }, (_, index) => `d${String(index).padStart(5, "0")}`);
  for (let at = 0; at < ids.length; at += 100) {
    const entries = ids.slice(at, at + 100).map((id) => ({ id, importMode: "create" }));
    assert.equal((await hub.registry.bulk(entries, owner)).isSuccessful, true);
  }
  const configured = () => ids.filter((deviceId) => hub.twins.get({ deviceId }).twin.desired.values.x === 1).length;
  const body = {
    content: { deviceContent: { "properties.desired.x": 1 } },
    targetCondition: "STARTSWITH(deviceId, 'd0')",
  };
  await hub.configurations.put({ id: "c", body, ...owner });
  await waitFor("the first devices", () => hub.twins.get({ deviceId: "d00000" }).twin.version === 3, 30_000);
  await first.stop("SIGKILL");
  const killedAt = performance.now();
  const atDeath = configured();

  await waitFor("all devices", () => configured() === deviceCount, 60_000);
  const tookMs = performance.now() - killedAt;
  t.diagnostic(`${atDeath} of ${deviceCount} devices were configured at the kill, all after ${Math.round(tookMs)} ms`);
  assert.ok(atDeath === deviceCount || tookMs < takeoverMs + 5_000, `${tookMs} ms`);
  // 2 at its birth, and one more for its one configuration.
  assert.ok(ids.every((deviceId) => hub.twins.get({ deviceId }).twin.version === 3));
  const counts = { targetedCount: deviceCount, appliedCount: deviceCount };
  await waitFor("the counts", () => hub.configurations.get("c").measured.system.appliedCount === deviceCount, 60_000);
  assert.deepEqual(hub.configurations.get("c").measured.system, counts);
});
