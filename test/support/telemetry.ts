import pino from "pino";
import { connectNats } from "../../adapters/nats/connect.ts";
import { StreamFeed } from "../../adapters/nats/stream-feed.ts";
import { decodeTelemetry, type TelemetryMessage } from "../../adapters/nats/telemetry-headers.ts";
import type { TestHub } from "./hub.ts";

/** All telemetry that the hub's streams hold of a device and its modules now, oldest first. */
export async function readTelemetry(hub: TestHub, deviceId: string): Promise<readonly TelemetryMessage[]> {
  return (await readAllTelemetry(hub.node.variables.get("NATS_URL") ?? "")).filter(
    ({ stamp }) => stamp.deviceId === deviceId,
  );
}

/** All telemetry in the streams behind a NATS address, partition after partition. */
export async function readAllTelemetry(url: string): Promise<readonly TelemetryMessage[]> {
  const connection = await connectNats({ url, name: "test", log: pino({ level: "silent" }) });
  try {
    const manager = await connection.jetstreamManager();
    const found: TelemetryMessage[] = [];
    for await (const { config, state } of manager.streams.list()) {
      if (!/-D2C-\d+$/.test(config.name) || state.messages === 0) continue;
      const whole = { nc: connection, stream: config.name, afterSequence: 0, untilCaughtUp: true };
      const feed = new StreamFeed({ ...whole, batchSize: 1000, deadlineMs: 10_000 });
      for await (const batch of feed.batches()) found.push(...batch.map(({ msg }) => decodeTelemetry(msg)));
    }
    return found;
  } finally {
    await connection.close();
  }
}
