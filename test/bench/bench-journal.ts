import { join } from "node:path";
import pino from "pino";
import { connectNats } from "../../adapters/nats/connect.ts";
import { startEmbeddedServer } from "../../adapters/nats/embedded-server.ts";
import { createJournal, type JetStreamJournal } from "../../adapters/nats/journal.ts";
import { ensureStreams } from "../../adapters/nats/streams.ts";
import { scratchFolder } from "./servers.ts";

/** An empty journal on a nats-server of its own, and a folder for views; both are gone when `scope` ends. */
export async function openBenchJournal(
  scope: AsyncDisposableStack,
): Promise<{ readonly journal: JetStreamJournal; readonly folder: string }> {
  const folder = scratchFolder(scope);
  const log = pino({ level: "silent" });
  const binary = process.env.TWINSTREAM_NATS_SERVER ?? "nats-server";
  const durability = { sync: "interval", intervalMs: 1000 } as const;
  const server = scope.use(await startEmbeddedServer({ binary, folder: join(folder, "nats"), durability, log }));
  const nc = await connectNats({ url: server.url, name: "bench", log });
  scope.defer(() => nc.close());
  await ensureStreams({ nc, hub: "bench", partitions: 1, telemetryMaxAgeMs: 0 });
  return { journal: scope.use(createJournal({ nc, hub: "bench", log })), folder };
}
