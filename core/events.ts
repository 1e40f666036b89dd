import type { AccessEvent } from "./access/policies.ts";
import type { Actor } from "./actor.ts";
import type { CommandEvent } from "./cloud-to-device/command-event.ts";
import type { ConfigurationEvent } from "./configuration/configuration.ts";
import type { ConnectionEvent } from "./connection/connection.ts";
import type { ConsumerGroupEvent } from "./consumer-group/consumer-group.ts";
import type { FileUploadEvent } from "./file-upload/file-upload.ts";
import type { DeviceEvent } from "./identity/device.ts";
import type { ModuleEvent } from "./identity/module.ts";
import type { JobEvent } from "./job/job-event.ts";
import type { MethodEvent } from "./method/method.ts";
import type { QueryIndexEvent } from "./query-index/query-index.ts";
import type { RegistryJobEvent } from "./registry-job/registry-job.ts";
import type { TwinEvent } from "./twin/twin.ts";

export type { Actor, IdentityKey } from "./actor.ts";

/** Every event of the journal. A stored type never changes its shape: a new shape gets a new `v` and an upcaster. */
export type HubEvent =
  | AccessEvent
  | CommandEvent
  | ConfigurationEvent
  | ConnectionEvent
  | ConsumerGroupEvent
  | DeviceEvent
  | FileUploadEvent
  | JobEvent
  | MethodEvent
  | ModuleEvent
  | RegistryJobEvent
  | QueryIndexEvent
  | TwinEvent;

/** The kinds of aggregate that the journal keeps apart by subject. */
export type AggregateName =
  | "hub"
  | "identity"
  | "twin"
  | "connection"
  | "method"
  | "command"
  | "upload"
  | "configuration"
  | "job";

/**
 * The stream of events of one aggregate: a subject of the journal. `id` is a device id, for `configuration` and `job` its
 * own id, or for `hub` the name of a part of the hub (such as `access`). A job's targets are in streams of their own, whose
 * `moduleId` is the number of the chunk.
 */
export type AggregateKey = { readonly aggregate: AggregateName; readonly id: string; readonly moduleId?: string };

/** What every event carries besides its data. `id` is unique and makes a retried append idempotent. */
export type EventMeta = {
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly actor: Actor;
  /** The request or connection that the event belongs to. */
  readonly correlationId: string;
  /** The id of the event that led to this one, if one did. */
  readonly causationId?: string;
};

/** An event about to be appended. */
export type NewEvent = { readonly event: HubEvent; readonly meta: EventMeta };

/** An event as the journal gives it back. `sequence` is its place in the whole journal, from 1 and gap-free on append. */
export type RecordedEvent = NewEvent & { readonly sequence: number; readonly key: AggregateKey };
