import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { createJournal } from "../../adapters/nats/journal.ts";
import type { RecordedEvent } from "../../core/events.ts";
import { Registry } from "./azure-sdk.ts";
import { type HubProcess, spawnHub } from "./hub-process.ts";
import { silentLog, startNats, type TestNats, tempFolder } from "./nats.ts";
import type { Scope } from "./suite-scope.ts";

/** Nodes of one hub, each in a process of its own, on a NATS server that outlives them. */
export type HubNodes = {
  readonly nats: TestNats;
  readonly first: HubProcess;
  /** Starts another one. */
  spawn(): Promise<HubProcess>;
};

/** Starts the first node; all are stopped with the scope, should they run then. */
export async function spawnNodes(scope: Scope): Promise<HubNodes> {
  const nats = await startNats(scope);
  const folder = await tempFolder(scope);
  let count = 0;
  const spawn = async (): Promise<HubProcess> => {
    const dataFolder = join(folder, String(count));
    mkdirSync(dataFolder);
    // Nodes of one hub share the key that seals secrets.
    if (count > 0) copyFileSync(join(folder, "0", "master.key"), join(dataFolder, "master.key"));
    count += 1;
    const node = await spawnHub({ dataFolder, flags: ["--nats-url", nats.url] });
    scope.after(() => node.stop("SIGTERM"));
    return node;
  };
  const first = await spawn();
  const ca = readFileSync(first.variables.get("NODE_EXTRA_CA_CERTS") ?? "", "utf8");
  // What NODE_EXTRA_CA_CERTS does for a process that starts after the hub.
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), ca]);
  return { nats, first, spawn };
}

/** A device's id and its key, base64. */
export type DeviceKey = { readonly deviceId: string; readonly key: string };

const bulkLimit = 100;
const bulksAtOnce = 4;

/** Registers devices in bulk through the official SDK, which must reach the hub on port 443. */
export async function registerAll(connectionString: string, devices: readonly DeviceKey[]): Promise<void> {
  const registry = Registry.fromConnectionString(connectionString);
  const starts = Array.from(
    { length: Math.ceil(devices.length / bulkLimit) },
    (_, index) => index * bulkLimit,
  ).values();
  const worker = async (): Promise<void> => {
    for (const start of starts) {
      const part = devices.slice(start, start + bulkLimit).map(({ deviceId, key }) => ({
        deviceId,
        status: "enabled" as const,
        authentication: { type: "sas", symmetricKey: { primaryKey: key, secondaryKey: key } },
      }));
      await registry.addDevices(part);
    }
  };
  await Promise.all(Array.from({ length: bulksAtOnce }, worker));
}

/** Everything that the journal of a hub holds now. */
export async function readJournal(nats: TestNats, hub = "twinstream"): Promise<readonly RecordedEvent[]> {
  using journal = createJournal({ nc: await nats.connect(), hub, log: silentLog });
  const last = await journal.lastSequence();
  const reading = new AbortController();
  const events: RecordedEvent[] = [];
  await journal.follow({
    afterSequence: 0,
    signal: reading.signal,
    onBatch(batch) {
      events.push(...batch);
      if ((events.at(-1)?.sequence ?? 0) >= last) reading.abort();
    },
  });
  return events;
}
