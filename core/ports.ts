import type { SharedAccessPolicy } from "./access/policies.ts";
import type { CommandQueue } from "./cloud-to-device/command-queue.ts";
import type { Configuration } from "./configuration/configuration.ts";
import type { ConnectionState } from "./connection/connection.ts";
import type { ConsumerGroup } from "./consumer-group/consumer-group.ts";
import type { D2cMessage, TelemetryStamp } from "./device-to-cloud/message.ts";
import type { Actor, AggregateKey, IdentityKey, NewEvent, RecordedEvent } from "./events.ts";
import type { DeviceUploads } from "./file-upload/file-upload.ts";
import type { HubError } from "./hub-error.ts";
import type { LiveDevice } from "./identity/device.ts";
import type { LiveModule } from "./identity/module.ts";
import type { TwinView } from "./identity/views.ts";
import type { JobChunk } from "./job/chunk.ts";
import type { Job, JobFilter } from "./job/job.ts";
import type { DeviceReply, LiveCall, LiveOutcome } from "./method/live-call.ts";
import type { QueryIndex } from "./query-index/query-index.ts";
import type { RegistryJobsState } from "./registry-job/registry-job.ts";
import type { TwinConfigurations, TwinState } from "./twin/twin.ts";

/**
 * The outcome of an append: its place in the journal, or, when the aggregate has moved on, the sequence of its last event
 * (0 when it has none).
 */
export type AppendResult =
  /** `isDuplicate`: an event with this id was stored before, by an earlier try or another writer; `sequence` is its place. */
  | { readonly appended: true; readonly sequence: number; readonly isDuplicate?: true }
  | { readonly appended: false; readonly lastSequence: number };

/** The append-only journal. Every method throws HubError `ServiceUnavailable` when it can't be reached in time. */
export type Journal = {
  /**
   * Appends one event and resolves once it is stored. With `expectedSequence` only if that is the aggregate's last event
   * (0: it has none). A retry of the same event id is stored once.
   */
  append(key: AggregateKey, event: NewEvent, expectedSequence?: number): Promise<AppendResult>;
  /** The sequence of the journal's last event, 0 when empty. */
  lastSequence(): Promise<number>;
  /** The events of one aggregate, oldest first. */
  read(key: AggregateKey): AsyncIterable<RecordedEvent>;
  /** The events after a sequence up to another one, which must be there, in batches. A slow reader slows the reading. */
  scan(afterSequence: number, lastSequence: number): AsyncIterable<readonly RecordedEvent[]>;
  /** The events at these sequences, in the order asked. */
  readSequences(sequences: readonly number[]): Promise<readonly RecordedEvent[]>;
};

/** Takes the telemetry of one connection. */
export type TelemetrySender = {
  /**
   * Stores one message; `stored` is called once JetStream holds it, or with the error that kept it out. Calls of one
   * sender finish in order. False means that the window is full: send nothing more before `whenReady` calls.
   * The properties are encoded once for each object, so a caller that repeats them should pass the same object.
   */
  send(message: D2cMessage, stored: (error?: HubError) => void): boolean;
};

/** The telemetry streams. */
export type TelemetryLog = {
  /** Opens a sender for a connection; it needs no closing. */
  open(stamp: TelemetryStamp): TelemetrySender;
  /** Calls `ready` once, as soon as the window takes messages again. */
  whenReady(ready: () => void): void;
};

/** Which stored telemetry of a device is wanted. */
export type TelemetryQuery = {
  readonly deviceId: string;
  /** Of this module only; '' is the device itself. */
  readonly moduleId?: string;
  /** When the hub took the messages, ISO 8601; both are inclusive. */
  readonly from?: string;
  readonly to?: string;
  /** Only messages after this sequence of the device's partition (before it, when descending). */
  readonly afterSequence?: number;
  readonly descending?: boolean;
  readonly limit: number;
};

/** A telemetry message that is stored; `sequence` is its place in its partition, from 1. */
export type StoredTelemetry = D2cMessage & {
  readonly partition: number;
  readonly sequence: number;
  readonly stamp: TelemetryStamp;
  /** When the hub took it, ISO 8601, UTC, milliseconds. */
  readonly time: string;
};

/** Some of the messages asked for. There may be fewer than the limit though more follow. */
export type TelemetryPart = {
  readonly messages: readonly StoredTelemetry[];
  /** The `afterSequence` of what follows; absent when there is no more. */
  readonly next?: number;
};

/** Looks telemetry up, as far back as it is kept. Throws HubError `ServiceUnavailable` when JetStream can't be reached. */
export type TelemetryHistory = { find(query: TelemetryQuery): Promise<TelemetryPart> };

/** How long a method call may wait. */
export type LiveWaits = {
  /** For a connection that takes calls; 0: one must be there now. */
  readonly connectTimeoutMs: number;
  /** For the answer, from the moment such a connection is there. */
  readonly responseTimeoutMs: number;
  /** Ends the first wait; a device that has its call is waited for regardless. */
  readonly signal?: AbortSignal;
};

/** Takes the calls of one identity on its node. After `signal` nobody waits for the answer. */
export type LiveHandler = (call: LiveCall, signal: AbortSignal) => Promise<DeviceReply>;

/** A connection that takes calls. */
export type LiveService = {
  /** Resolves once calls from any node reach it; never rejects. */
  readonly ready: Promise<void>;
  /** Calls that were on their way are told that nobody takes them. */
  stop(): void;
};

/** Reaches the connections of devices, on whichever node they are. */
export type Live = {
  /** Hands a call to the connection that takes calls for `key`. Never rejects. */
  request(key: IdentityKey, call: LiveCall, waits: LiveWaits): Promise<LiveOutcome>;
  /** Takes the calls for `key`. When two connections do so for a moment, one of them gets each call. */
  serve(key: IdentityKey, handler: LiveHandler): LiveService;
};

/** A stored thing with the sequence of the last event of its aggregate, for optimistic concurrency. */
export type Versioned<T> = { readonly value: T; readonly sequence: number };

/** Counts of the registry (IoT Hub REST: service statistics). */
export type Statistics = {
  readonly totalDeviceCount: number;
  readonly enabledDeviceCount: number;
  readonly disabledDeviceCount: number;
  readonly connectedDeviceCount: number;
};

/** Whose events are wanted: those of one actor, or of all of a kind. A module's actor is of the kind `module`. */
export type ActorFilter = { readonly kind: "policy" | "device" | "module" | "hub"; readonly actor?: Actor };

/**
 * Which events of a device are wanted. Those of other actors or correlations may be found too, rarely: who asks has to look
 * at them.
 */
export type HistoryFilter = {
  readonly deviceId: string;
  /** Of this module only; '' is the device itself, to which jobs belong too. */
  readonly moduleId?: string;
  /** `DeviceUpdated:status` names those that changed the status, `DeviceConnected:model` those that named a model. */
  readonly types?: readonly string[];
  readonly actor?: ActorFilter;
  readonly correlationId?: string;
  /** ISO 8601, as written in the events; both are inclusive. */
  readonly from?: string;
  readonly to?: string;
  /** Journal sequences, both inclusive. */
  readonly fromSequence?: number;
  readonly toSequence?: number;
  /** Only events after this journal sequence (before it, when descending). */
  readonly afterSequence?: number;
  readonly descending?: boolean;
  readonly limit: number;
};

/** A journal sequence, or a version of one generation of a twin. */
export type SnapshotLimit = { readonly sequence: number } | { readonly generationId: string; readonly version: number };

/** A twin that automatic configurations target, as of their last pass. */
export type ConfiguredTwin = IdentityKey & {
  readonly configurations: TwinConfigurations;
  /** The configuration that wrote the desired properties last; undefined when a back end did. */
  readonly desiredAuthor: string | undefined;
};

/** The projections, read synchronously. What does not exist is undefined. */
export type ReadModel = {
  device(deviceId: string): Versioned<LiveDevice> | undefined;
  /** Devices in the order of their ids, from after `after` on. */
  devices(limit: number, after?: string): readonly LiveDevice[];
  module(deviceId: string, moduleId: string): Versioned<LiveModule> | undefined;
  modules(deviceId: string): readonly LiveModule[];
  twin(key: IdentityKey): Versioned<TwinState> | undefined;
  connection(key: IdentityKey): ConnectionState;
  /** The cloud-to-device messages of a device's present generation; undefined when it was never sent any. */
  commandQueue(deviceId: string): Versioned<CommandQueue> | undefined;
  /** Devices with messages that are due to expire at `now` (ISO 8601), those that are due the longest first. */
  devicesWithDueCommands(now: string, limit: number): readonly string[];
  /** The file uploads of a device's present generation; undefined when it never asked for one. */
  fileUploads(deviceId: string): Versioned<DeviceUploads> | undefined;
  /** Devices with uploads that are due to expire at `now` (ISO 8601), those that are due the longest first. */
  devicesWithDueUploads(now: string, limit: number): readonly string[];
  /** A job that is kept; its sequence is that of the last event of its life, not of its chunks. */
  job(jobId: string): Versioned<Job> | undefined;
  /** The newest first. */
  jobs(filter: JobFilter): readonly Job[];
  /** Jobs that something is to be done for at `now` (ISO 8601), those that wait the longest first. */
  dueJobs(now: string, limit: number): readonly string[];
  /** Some targets of a job, the chunk numbered `chunk`. */
  jobChunk(jobId: string, chunk: number): Versioned<JobChunk> | undefined;
  /** The live connections that a node holds, as far as the journal knows. */
  connectionsOf(nodeId: string): readonly { readonly key: IdentityKey; readonly connection: ConnectionState }[];
  policies(): Versioned<readonly SharedAccessPolicy[]> | undefined;
  /** The consumer groups that were created, oldest first; the sequence is 0 before the first one ever. */
  consumerGroups(): Versioned<readonly ConsumerGroup[]>;
  /** The indexes for queries that operators asked for, oldest first; the sequence is 0 before the first one ever. */
  queryIndexes(): Versioned<readonly QueryIndex[]>;
  /** Imports and exports of devices, the newest first; the sequence is 0 before the first one ever. */
  registryJobs(): Versioned<RegistryJobsState>;
  configuration(id: string): Versioned<Configuration> | undefined;
  /** Configurations, in the order of their ids. */
  configurations(): readonly Configuration[];
  /** Twins that have configurations, ordered by device id and module id, from after `after` on. */
  configuredTwins(window: { readonly limit: number; readonly after?: IdentityKey }): readonly ConfiguredTwin[];
  statistics(): Statistics;
  /** Journal sequences of a device's events, its modules' included. */
  history(filter: HistoryFilter): readonly number[];
  /** How many events pass a filter. */
  historyCount(filter: Omit<HistoryFilter, "limit" | "correlationId">): number;
  /**
   * Journal sequences after one, oldest first, of the events that have a correlation id, of whatever aggregate. Others may be
   * among them, rarely: who asks has to look at them.
   */
  correlated(
    correlationId: string,
    window: { readonly afterSequence: number; readonly limit: number },
  ): readonly number[];
  /** The latest snapshot of a twin that is kept and not beyond the limit. There is one for every 128 of its versions. */
  twinSnapshot(key: IdentityKey, limit: SnapshotLimit): Versioned<TwinView> | undefined;
  /** The sequence that the views have reached. */
  appliedSequence(): number;
  /** Resolves once the views have applied `sequence`. */
  applied(sequence: number): Promise<void>;
};

/** Calls `listener` with every event, in order, right after the local views have applied it. Returns the way to stop. */
export type Feed = (listener: (event: RecordedEvent) => void) => () => void;

/** The time and chance that a decision must not make itself. */
export type Clock = {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** ISO 8601 text of such a time: UTC, milliseconds, `Z`. */
  isoTime(ms: number): string;
};

/** Identifiers and random numbers. */
export type Ids = {
  uuid(): string;
  /** A random integer from 0 up to, not including, `limit` (at most 2^48). */
  randomInt(limit: number): number;
};

/** All cryptography. Keys are base64 text, as IoT Hub shows them. */
export type Secrets = {
  /** Encrypts a text under the hub's master key. */
  seal(plain: string): string;
  /** Decrypts what `seal` gave. Throws HubError `ServerError` when it was made under another master key. */
  open(sealed: string): string;
  /** A new symmetric key: base64 of 32 random bytes. */
  generateKey(): string;
  /** Base64 of HMAC-SHA256 over the UTF-8 of `text`, keyed with the base64-decoded `key`. */
  sign(key: string, text: string): string;
  /** The same, keyed with the UTF-8 of the key's text itself, as Event Hubs clients do (spec/amqp 4). */
  signWithKeyText(key: string, text: string): string;
  /** SHA-256 of a text's UTF-8, in hexadecimal: tells contents apart, keeps no secret. */
  digest(text: string): string;
  /** Compares two texts in constant time. */
  equal(a: string, b: string): boolean;
};
