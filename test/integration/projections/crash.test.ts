import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hashViews } from "../../../projections/dump.ts";
import { openStore } from "../../../projections/store.ts";
import { mixedEvents } from "../../support/mixed-events.ts";
import { openViews, temporaryFolder } from "../../support/views.ts";

const count = 20_000;
const devices = 500;
const program = fileURLToPath(import.meta.resolve("../../support/apply-views.ts"));

/** Applies in a process of its own and kills it after some batches. Returns the last checkpoint that it told. */
async function killedAfter(file: string, batches: number): Promise<number> {
  const child = spawn(process.execPath, [program, file, String(count), String(devices), "50"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let told = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    told = Number(line);
    lines += 1;
    if (lines === batches) child.kill("SIGKILL");
  }
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", "the process must not come to its end by itself");
  return told;
}

test("a process killed while it applies loses nothing and doubles nothing", { timeout: 120_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "views.db");
  for (const batches of [1, 7, 40]) {
    const told = await killedAfter(file, batches);
    const { store, origin } = openStore(file);
    assert.equal(origin, "existing");
    assert.ok(store.checkpoint() >= told, `checkpoint ${store.checkpoint()}, told ${told}`);
    store.close();
  }
  const events = mixedEvents(count, devices);
  const survivor = openViews(file);
  survivor.projector.apply(events);
  const clean = openViews(join(folder, "clean.db"));
  clean.projector.apply(events);
  assert.equal(hashViews(survivor.store), hashViews(clean.store));
  survivor.store.close();
  clean.store.close();
});
