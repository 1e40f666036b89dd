import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemIds } from "../../adapters/node/system.ts";
import { createSecrets } from "../../adapters/secrets/secrets.ts";
import { ensurePolicies } from "../../core/access/bootstrap.ts";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { LiveSession } from "../../core/connection/sessions.ts";
import type { AggregateKey, HubEvent, IdentityKey, NewEvent, RecordedEvent } from "../../core/events.ts";
import { createHub, type Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { JsonObject } from "../../core/json.ts";
import type { AppendResult, Clock, Journal, Live } from "../../core/ports.ts";
import type { CallerContainers } from "../../core/registry-job/caller-containers.ts";
import { createProjector } from "../../projections/projector.ts";
import { createReadModel } from "../../projections/read-model.ts";
import { openStore } from "../../projections/store.ts";
import { MemoryBlobs } from "./memory-blobs.ts";
import { MemoryContainers } from "./memory-containers.ts";
import { memoryLive } from "./memory-live.ts";
import { queriesOver } from "./queries-over.ts";
import type { Scope } from "./suite-scope.ts";

/** A journal in memory that several nodes share: what is under test here is the domain over real views. */
export class SharedJournal {
  readonly events: RecordedEvent[] = [];
  readonly #lastSequences = new Map<string, number>();
  readonly #sequencesOfIds = new Map<string, number>();
  readonly #followers: ((events: readonly RecordedEvent[]) => void)[] = [];

  readonly port: Journal = {
    append: async (key, event, expectedSequence) => this.#append(key, event, expectedSequence),
    lastSequence: async () => this.events.length,
    async *read() {
      // Nothing in core reads a whole aggregate.
    },
    scan: (afterSequence, lastSequence) => this.#scan(afterSequence, lastSequence),
    readSequences: async (sequences) => sequences.flatMap((sequence) => this.events[sequence - 1] ?? []),
  };

  follow(follower: (events: readonly RecordedEvent[]) => void): void {
    this.#followers.push(follower);
  }

  /** The events of a type, in order. */
  ofType<T extends HubEvent["type"]>(type: T): readonly Extract<HubEvent, { type: T }>["data"][] {
    return this.events.flatMap(({ event }) => (event.type === type ? [event.data as never] : []));
  }

  async *#scan(afterSequence: number, lastSequence: number): AsyncGenerator<readonly RecordedEvent[]> {
    yield await Promise.resolve(this.events.slice(afterSequence, lastSequence));
  }

  #append(key: AggregateKey, { event, meta }: NewEvent, expectedSequence: number | undefined): AppendResult {
    const known = this.#sequencesOfIds.get(meta.id);
    if (known !== undefined) return { appended: true, sequence: known, isDuplicate: true };
    const subject = JSON.stringify(key);
    const lastSequence = this.#lastSequences.get(subject) ?? 0;
    if (expectedSequence !== undefined && expectedSequence !== lastSequence) return { appended: false, lastSequence };
    const sequence = this.events.length + 1;
    // Through JSON, as in the journal, so that a test would notice what does not survive it.
    const recorded = { sequence, key, event: JSON.parse(JSON.stringify(event)) as HubEvent, meta };
    this.events.push(recorded);
    this.#lastSequences.set(subject, sequence);
    this.#sequencesOfIds.set(meta.id, sequence);
    for (const follow of this.#followers) follow([recorded]);
    return { appended: true, sequence };
  }
}

/** The journal as one node has it. */
export type NodeJournal = Pick<SharedJournal, "events" | "port" | "follow">;

/** A node's use cases over a journal, with real views in a folder of its own. */
export async function domainHub(
  scope: Scope,
  journal: NodeJournal,
  nodeId = "node-1",
  clock: Clock = systemClock(),
  live: Live = memoryLive(),
  containers: CallerContainers = new MemoryContainers().port,
): Promise<Hub> {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-domain-"));
  scope.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "views.db");
  const { store } = openStore(file);
  scope.after(() => store.close());
  const raise = (error: unknown): void => {
    // What is out of reach is tried again later.
    if (!(error instanceof HubError) || error.reason !== "ServiceUnavailable") throw error;
  };
  const projector = createProjector({ store, onError: raise });
  journal.follow((events) => projector.apply(events));
  projector.apply(journal.events);
  const readModel = createReadModel(store, projector);
  const ports = {
    journal: journal.port,
    readModel,
    queries: queriesOver(scope, file),
    nodeIndexes: () => [],
    feed: projector.feed,
    clock,
    ids: systemIds,
    secrets: createSecrets(new Uint8Array(32).fill(7)),
    feedbackQueue: { receive: async () => undefined, take: async () => undefined },
    blobs: new MemoryBlobs(),
    containers,
    fileNotificationQueue: { receive: async () => undefined },
    live,
    telemetryHistory: { find: async () => ({ messages: [] }) },
    telemetryLog: { open: () => ({ send: () => true }), whenReady: () => {} },
  };
  const hub = createHub({ ...ports, nodeId, hostNames: ["localhost"], onError: raise });
  await ensurePolicies({ ...ports, nodeId });
  return hub;
}

/** Who the tests act as. */
export const owner = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;

/** A session that remembers what the hub told it. */
export type RecordingSession = LiveSession & {
  readonly closed: DisconnectReason[];
  readonly told: { readonly patch: JsonObject; readonly version: number }[];
  /** How often the hub said that a cloud-to-device message has come free. */
  commandsReady: number;
};

/** A session as an adapter would offer it. */
export function recordingSession(key: IdentityKey, connectionId: string): RecordingSession {
  const closed: DisconnectReason[] = [];
  const told: { patch: JsonObject; version: number }[] = [];
  const session: RecordingSession = {
    key,
    connectionId,
    closed,
    told,
    commandsReady: 0,
    close: (reason) => closed.push(reason),
    desiredChanged: (patch, version) => told.push({ patch, version }),
    commandReady: () => {
      session.commandsReady += 1;
    },
  };
  return session;
}

/** Registers a device and connects it; the session tells what the hub then says to it. */
export async function connectDevice(
  hub: Hub,
  deviceId: string,
  options: { connectionId?: string; cleanSession?: boolean } = {},
): Promise<{ session: RecordingSession; connected: Awaited<ReturnType<Hub["connections"]["connect"]>> }> {
  const session = recordingSession({ deviceId }, options.connectionId ?? `connection-of-${deviceId}`);
  const { generationId } = hub.registry.getDevice(deviceId).device;
  const principal = { deviceId, generationId, authMethod: "{}", validUntil: Number.POSITIVE_INFINITY };
  const cleanSession = options.cleanSession ?? false;
  const connected = await hub.connections.connect({ principal, protocol: "mqtt", cleanSession, session });
  return { session, connected };
}
