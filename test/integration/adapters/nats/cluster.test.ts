import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { NatsConnection } from "nats";
import { connectNats } from "../../../../adapters/nats/connect.ts";
import { createJournal } from "../../../../adapters/nats/journal.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { natsServerBinary, numberedEvent, numberOf, silentLog, tempFolder, until } from "../../../support/nats.ts";
import type { Scope } from "../../../support/suite-scope.ts";

/** Ports that were free a moment ago: the servers of a cluster must know each other's before they start. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** Starts a cluster of three servers; each can be stopped by its name. */
async function startCluster(t: Scope) {
  const ports = await freePorts(6);
  const routes = ports.slice(3).map((port) => `nats://127.0.0.1:${port}`);
  const servers = new Map<string, ChildProcess>();
  for (const index of [0, 1, 2]) {
    const folder = await tempFolder(t);
    const file = join(folder, "nats.conf");
    await writeFile(
      file,
      `listen: "127.0.0.1:${ports[index]}"
      server_name: "n${index}"
      jetstream { store_dir: ${JSON.stringify(folder)} }
      cluster { name: "c", listen: "127.0.0.1:${ports[index + 3]}", routes: [${routes.join(", ")}] }`,
    );
    servers.set(`n${index}`, spawn(natsServerBinary(), ["-c", file], { stdio: "ignore" }));
  }
  t.after(async () => {
    for (const server of servers.values()) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      server.kill("SIGKILL");
      await once(server, "exit");
    }
  });
  return {
    servers,
    url: ports
      .slice(0, 3)
      .map((port) => `127.0.0.1:${port}`)
      .join(","),
  };
}

async function connectWhenUp(t: Scope, url: string): Promise<NatsConnection> {
  let nc: NatsConnection | undefined;
  await until(async () => {
    nc = await connectNats({ url, name: "test", log: silentLog }).catch(() => undefined);
    return nc !== undefined;
  });
  assert.ok(nc !== undefined);
  const connection = nc;
  t.after(() => connection.close());
  return connection;
}

test("a cluster of three keeps three copies, and loses nothing when the leader dies", async (t) => {
  const { servers, url } = await startCluster(t);
  const nc = await connectWhenUp(t, url);
  const ensure = () => ensureStreams({ nc, hub: "hub", partitions: 1, telemetryMaxAgeMs: 0 });
  await until(async () => (await ensure()).replicas === 3);
  const journal = createJournal({ nc, hub: "hub", log: silentLog });
  const stop = new AbortController();
  const seen: number[] = [];
  const onBatch = (events: readonly Parameters<typeof numberOf>[0][]) => void seen.push(...events.map(numberOf));
  const following = journal.follow({ afterSequence: 0, signal: stop.signal, onBatch });

  const key = { aggregate: "identity", id: "dev" } as const;
  const first = numberedEvent(0);
  const stored = await journal.append(key, first, 0);
  assert.deepEqual(await journal.append(key, first, 0), { ...stored, isDuplicate: true });
  assert.deepEqual(await journal.append(key, numberedEvent(-1), 0), { appended: false, lastSequence: 1 });

  let last = 1;
  for (let n = 1; n < 300; n += 1) {
    if (n === 100) {
      const leader = (await (await nc.jetstreamManager()).streams.info("HUB-JOURNAL")).cluster?.leader;
      assert.ok(leader !== undefined);
      servers.get(leader)?.kill("SIGKILL");
    }
    const result = await journal.append(key, numberedEvent(n), last);
    assert.ok(result.appended, `conflict at ${n}`);
    last = result.sequence;
  }
  await until(() => seen.length === 300);
  stop.abort();
  await following;
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  assert.deepEqual(seen, numbers);
  assert.deepEqual((await journal.readSequences(numbers.map((n) => n + 1))).map(numberOf), numbers);
});
