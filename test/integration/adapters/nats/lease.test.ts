import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { NatsConnection } from "nats";
import { contendForLease } from "../../../../adapters/nats/lease.ts";
import { silentLog, startNats, until } from "../../../support/nats.ts";
import type { Scope } from "../../../support/suite-scope.ts";

const ttlMs = 1_000;

/** A node that contends, and how often it has won and lost. */
type Contender = { readonly holder: string; won: number; lost: number; readonly stop: () => Promise<void> };

function contender(scope: Scope, nc: NatsConnection, holder: string): Contender {
  const count = { won: 0, lost: 0 };
  const lease = contendForLease({
    nc,
    hub: "test",
    name: "work",
    holder,
    replicas: 1,
    ttlMs,
    log: silentLog,
    async whileHeld(signal) {
      count.won += 1;
      if (!signal.aborted) await once(signal, "abort");
      count.lost += 1;
    },
  });
  const stop = async () => await lease[Symbol.asyncDispose]();
  scope.after(stop);
  return Object.assign(count, { holder, stop });
}

const holders = (nodes: readonly Contender[]) => nodes.filter(({ won, lost }) => won > lost);

test("one node holds a lease, and keeps it beyond the time that it lives for", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const nodes = ["a", "b", "c"].map((holder) => contender(t, nc, holder));
  await until(() => holders(nodes).length > 0);
  const started = performance.now();
  await until(() => {
    assert.equal(holders(nodes).length, 1);
    return performance.now() - started > 2.5 * ttlMs;
  });
  assert.equal(
    nodes.reduce((sum, { won }) => sum + won, 0),
    1,
  );
});

test("a node that stops hands the lease over, one that is cut off loses it by time", async (t) => {
  const nats = await startNats(t);
  const connections = await Promise.all(["a", "b", "c"].map((name) => nats.connect(name)));
  const nodes = connections.map((nc, index) => contender(t, nc, String(index)));
  await until(() => holders(nodes).length === 1);
  const first = holders(nodes)[0];
  await first?.stop();
  assert.equal(first?.lost, 1);
  await until(() => holders(nodes).length === 1);
  const second = holders(nodes)[0];
  await connections[Number(second?.holder)]?.close();
  const started = performance.now();
  await until(() => holders(nodes).some((node) => node !== second));
  const took = performance.now() - started;
  assert.ok(took < 2.5 * ttlMs, `${took} ms`);
  await until(() => second?.lost === 1);
});

test("a lease outlives the server's restart, with whoever wins it then", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const nodes = ["a", "b"].map((holder) => contender(t, nc, holder));
  await until(() => holders(nodes).length === 1);
  const wins = () => nodes.reduce((sum, { won }) => sum + won, 0);
  await nats.killAndRestart();
  await until(() => wins() === 2 && holders(nodes).length === 1);
});
