import type { NatsConnection } from "nats";
import type { Logger } from "pino";
import type { FeedbackQueue } from "../../core/cloud-to-device/feedback.ts";
import type { FileNotificationQueue } from "../../core/file-upload/notification.ts";
import type { Live, ReadModel, TelemetryHistory, TelemetryLog } from "../../core/ports.ts";
import { connectNats } from "../nats/connect.ts";
import { type Durability, describeDurability } from "../nats/durability.ts";
import { startEmbeddedServer } from "../nats/embedded-server.ts";
import { createFeedbackQueue } from "../nats/feedback-queue.ts";
import { createFileNotificationQueue } from "../nats/file-notification-queue.ts";
import { createJobQueue, type JobQueue } from "../nats/job-queue.ts";
import { createJournal, type JetStreamJournal } from "../nats/journal.ts";
import { contendForLease, type LeaseOptions } from "../nats/lease.ts";
import { createLive } from "../nats/live.ts";
import { createPartitionLog, type PartitionLog } from "../nats/partition-log.ts";
import { ensureStreams } from "../nats/streams.ts";
import { createTelemetryHistory } from "../nats/telemetry-history.ts";
import { createTelemetryLog } from "../nats/telemetry-log.ts";
import type { Settings } from "../settings/schema.ts";

/** The streams of the hub, on an embedded NATS or an outside one. */
export type OpenJournal = AsyncDisposable & {
  readonly journal: JetStreamJournal;
  readonly telemetryLog: TelemetryLog;
  readonly partitionLog: PartitionLog;
  readonly telemetryHistory: TelemetryHistory;
  readonly live: Live;
  /** Makes the queue of feedback, for which the views must be there. */
  readonly feedbackQueue: (readModel: ReadModel) => FeedbackQueue;
  readonly fileNotificationQueue: FileNotificationQueue;
  readonly jobQueue: JobQueue;
  /** Contends with the hub's other nodes for what one of them does for all. */
  readonly contend: (lease: Pick<LeaseOptions, "name" | "holder" | "whileHeld">) => AsyncDisposable;
  readonly nats: { readonly url: string; readonly embedded: boolean };
  /** Which durability promise holds, in words. */
  readonly durability: string;
  /** Whether NATS is in reach now. */
  readonly connected: () => boolean;
};

/** What the streams are opened with: `folder` is where an embedded NATS keeps them. */
export type OpenJournalOptions = { readonly settings: Settings; readonly folder: string; readonly log: Logger };

const dayMs = 86_400_000;

/** Starts or finds NATS, makes the hub's streams if they are missing, and opens them. */
export async function openJournal(options: OpenJournalOptions): Promise<OpenJournal> {
  const { settings, log } = options;
  const { hub, partitions, retentionDays } = settings;
  await using opening = new AsyncDisposableStack();
  const { url, durability } = await findNats(options, opening);

  // Telemetry has connections of its own, one a direction, so that no append waits behind a window full of messages.
  const journalConnection = await openConnection(opening, url, "journal", options);
  const telemetryConnection = await openConnection(opening, url, "telemetry", options);
  const readConnection = await openConnection(opening, url, "events", options);
  const liveConnection = await openConnection(opening, url, "live", options);
  const streams = await ensureStreams({
    nc: journalConnection,
    hub,
    partitions,
    telemetryMaxAgeMs: retentionDays * dayMs,
  });
  if (streams.partitions !== partitions) {
    log.warn(
      `this hub was created with ${streams.partitions} telemetry partitions and keeps them; the setting says ${partitions}`,
    );
  }
  const journal = opening.use(createJournal({ nc: journalConnection, hub, log }));
  const telemetryLog = opening.use(
    createTelemetryLog({ nc: telemetryConnection, hub, partitions: streams.partitions, log }),
  );
  const partitionLog = createPartitionLog({ nc: readConnection, hub, partitions: streams.partitions });

  const live = createLive({ nc: liveConnection, hub, log });

  const open = opening.move();
  return {
    journal,
    telemetryLog,
    partitionLog,
    telemetryHistory: createTelemetryHistory({ nc: readConnection, hub, partitionLog }),
    live,
    feedbackQueue: (readModel) => createFeedbackQueue({ nc: readConnection, hub, log, readModel }),
    fileNotificationQueue: createFileNotificationQueue({ nc: readConnection, hub, log }),
    jobQueue: createJobQueue({ nc: readConnection, hub, log }),
    contend: (lease) => contendForLease({ nc: liveConnection, hub, replicas: streams.replicas, log, ...lease }),
    nats: { url, embedded: settings.natsUrl === undefined },
    durability,
    connected: () => isConnected(journalConnection) && isConnected(telemetryConnection),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function findNats({ settings, folder, log }: OpenJournalOptions, opening: AsyncDisposableStack) {
  if (settings.natsUrl !== undefined)
    return { url: settings.natsUrl, durability: "as the NATS servers at NATS_URL sync" };
  const { syncIntervalMs } = settings;
  const durability: Durability =
    settings.durability === "always" ? { sync: "always" } : { sync: "interval", intervalMs: syncIntervalMs };
  const binary = settings.natsServer ?? "nats-server";
  const server = opening.use(await startEmbeddedServer({ binary, folder, durability, log }));
  return { url: server.url, durability: describeDurability(durability) };
}

async function openConnection(
  opening: AsyncDisposableStack,
  url: string,
  purpose: string,
  { settings, log }: OpenJournalOptions,
): Promise<NatsConnection> {
  const { hub, natsCreds, natsCa } = settings;
  const connection = await connectNats({
    url,
    name: `twinstream ${hub} ${purpose}`,
    log,
    ...(natsCreds === undefined ? {} : { credsFile: natsCreds }),
    ...(natsCa === undefined ? {} : { caFile: natsCa }),
  });
  opening.defer(() => connection.close());
  return connection;
}

// A nats.js client that is between two connections has no socket, which its statistics don't tell but this does.
const isConnected = (connection: NatsConnection): boolean => !connection.isClosed() && connection.getServer() !== "";
