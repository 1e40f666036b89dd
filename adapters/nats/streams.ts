import { DiscardPolicy, type NatsConnection, nanos, RetentionPolicy, StorageType, type StreamConfig } from "nats";
import { isRecord, JetStreamError, jetStreamApi } from "./js-api.ts";
import { journalAggregates, journalStream, requireHubName, telemetryStream } from "./subjects.ts";

/** The streams that a hub needs. */
export type StreamsRequest = {
  readonly nc: NatsConnection;
  readonly hub: string;
  /** How many telemetry partitions a new hub gets, 2 to 128 (spec/messaging 3); 1 is taken too. */
  readonly partitions: number;
  /** How long telemetry is kept, in milliseconds; 0 is for ever. */
  readonly telemetryMaxAgeMs: number;
  /** How many servers hold each stream. Without it: 3 in a cluster that has as many, 1 elsewhere. */
  readonly replicas?: number;
};

/** What the hub's streams really are: a hub that exists keeps its partitions, and nothing of it is ever made smaller. */
export type HubStreams = {
  readonly partitions: number;
  readonly telemetryMaxAgeMs: number;
  readonly replicas: number;
};

/**
 * Where the count of partitions is written: at the journal, which one atomic request creates before any telemetry stream,
 * so neither a crash between two streams nor two nodes that start at once can leave a count in doubt.
 */
const partitionsKey = "twinstream.partitions";
const duplicateWindowMs = 120_000;
const maxPartitions = 128;

/** JetStream's own numbers of errors (nats-server, errors.json). */
const streamNotFound = 10_059;
const streamNameInUse = 10_058;
const noSuitablePeers = 10_005;
const noReplicasHere = 10_074;

type Config = Partial<StreamConfig> & { readonly name: string };

/**
 * Creates the streams of a hub, or adapts those that exist: subjects, replicas and age limits may grow, never shrink.
 * Throws for a bad hub name or count, and HubError `ServiceUnavailable` when JetStream can't be reached.
 */
export async function ensureStreams(request: StreamsRequest): Promise<HubStreams> {
  const { nc, hub, partitions, telemetryMaxAgeMs } = request;
  requireHubName(hub);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > maxPartitions) {
    throw new Error(`a hub has 1 to ${maxPartitions} telemetry partitions`);
  }
  const wanted = request.replicas ?? (nc.info?.cluster === undefined ? 1 : 3);
  const journal = await ensureStream(nc, { ...journalConfig(hub, partitions), num_replicas: wanted });
  const actualPartitions = Number(journal.metadata?.[partitionsKey] ?? partitions);
  const replicas = journal.num_replicas ?? wanted;
  let maxAgeMs = telemetryMaxAgeMs;
  for (let partition = 0; partition < actualPartitions; partition += 1) {
    const config = telemetryConfig(hub, partition, telemetryMaxAgeMs);
    const stream = await ensureStream(nc, { ...config, num_replicas: replicas });
    maxAgeMs = (stream.max_age ?? 0) / 1_000_000;
  }
  return { partitions: actualPartitions, telemetryMaxAgeMs: maxAgeMs, replicas };
}

function journalConfig(hub: string, partitions: number): Config {
  return {
    name: journalStream(hub),
    subjects: journalAggregates.map((aggregate) => `${hub.toLowerCase()}.${aggregate}.>`),
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_age: 0,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    duplicate_window: nanos(duplicateWindowMs),
    metadata: { [partitionsKey]: String(partitions) },
  };
}

function telemetryConfig(hub: string, partition: number, maxAgeMs: number): Config {
  return {
    name: telemetryStream(hub, partition),
    subjects: [`${hub.toLowerCase()}.telemetry.${partition}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(maxAgeMs),
    allow_direct: true,
    // Telemetry has no message ids; JetStream only refuses a window longer than the age.
    duplicate_window: nanos(maxAgeMs === 0 ? duplicateWindowMs : Math.min(duplicateWindowMs, maxAgeMs)),
  };
}

async function ensureStream(nc: NatsConnection, wanted: Config): Promise<Config> {
  const found = (await streamConfig(nc, wanted.name)) ?? (await createStream(nc, wanted));
  const changes = growthOf(found, wanted);
  if (changes === undefined) return found;
  const payload = { ...found, ...changes };
  try {
    return configIn(await jetStreamApi({ nc, subject: `$JS.API.STREAM.UPDATE.${wanted.name}`, payload }), wanted.name);
  } catch (error) {
    if (!lacksServers(error) || changes.num_replicas === undefined) throw error;
    return ensureStream(nc, { ...wanted, num_replicas: found.num_replicas ?? 1 });
  }
}

/** Whether a request failed for want of servers to put replicas on. */
const lacksServers = (error: unknown): boolean =>
  error instanceof JetStreamError && (error.errCode === noSuitablePeers || error.errCode === noReplicasHere);

async function streamConfig(nc: NatsConnection, name: string): Promise<Config | undefined> {
  try {
    return configIn(await jetStreamApi({ nc, subject: `$JS.API.STREAM.INFO.${name}` }), name);
  } catch (error) {
    if (error instanceof JetStreamError && error.errCode === streamNotFound) return undefined;
    throw error;
  }
}

async function createStream(nc: NatsConnection, wanted: Config): Promise<Config> {
  try {
    const payload = wanted;
    return configIn(await jetStreamApi({ nc, subject: `$JS.API.STREAM.CREATE.${wanted.name}`, payload }), wanted.name);
  } catch (error) {
    if (lacksServers(error) && wanted.num_replicas !== 1) return createStream(nc, { ...wanted, num_replicas: 1 });
    if (!(error instanceof JetStreamError) || error.errCode !== streamNameInUse) throw error;
    // Another node of the hub was faster.
    const made = await streamConfig(nc, wanted.name);
    if (made === undefined) throw error;
    return made;
  }
}

/** What of a stream is to become larger; undefined when nothing is. */
function growthOf(found: Config, wanted: Config): Partial<StreamConfig> | undefined {
  const changes: Partial<StreamConfig> = {};
  const subjects = new Set([...(found.subjects ?? []), ...(wanted.subjects ?? [])]);
  if (subjects.size > (found.subjects?.length ?? 0)) changes.subjects = [...subjects];
  if ((wanted.num_replicas ?? 1) > (found.num_replicas ?? 1)) changes.num_replicas = wanted.num_replicas ?? 1;
  const [age, wantedAge] = [found.max_age ?? 0, wanted.max_age ?? 0];
  if (age !== 0 && (wantedAge === 0 || wantedAge > age)) changes.max_age = wantedAge;
  return Object.keys(changes).length === 0 ? undefined : changes;
}

/** The configuration in an answer of JetStream's stream API. Its fields are as nats.js types them. */
function configIn(answer: Readonly<Record<string, unknown>>, name: string): Config {
  const { config } = answer;
  if (!isRecord(config) || config.name !== name) throw new Error(`JetStream did not describe the stream ${name}`);
  return config as unknown as Config;
}
