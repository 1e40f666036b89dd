import { isUtf8 } from "node:buffer";
import type { AggregateKey, RecordedEvent } from "../../core/events.ts";
import type { TimelineEntry } from "../../core/history/timeline.ts";
import type { StoredTelemetry } from "../../core/ports.ts";
import { actorText } from "../nats/actor-text.ts";

/** An event as a back end sees it, in any of the forms below. */
export type EventDocument = {
  readonly sequence?: number;
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly deviceId?: string;
  readonly moduleId?: string;
  readonly data: unknown;
};

/** An event of a device's history. An event of a job is in no stream of the device's own. */
export function eventDocument(recorded: RecordedEvent, deviceId: string): EventDocument {
  const { key, event } = recorded;
  const moduleId = key.aggregate === "job" ? undefined : key.moduleId;
  return { ...marksOf(recorded), deviceId, ...(moduleId !== undefined && { moduleId }), data: event.data };
}

/** An event of whatever aggregate. */
export const journalDocument = (recorded: RecordedEvent): EventDocument => ({
  ...marksOf(recorded),
  ...subjectOf(recorded.key),
  data: recorded.event.data,
});

function subjectOf({ aggregate, id, moduleId }: AggregateKey) {
  switch (aggregate) {
    case "hub":
      return { part: id };
    case "job":
      return { jobId: id, ...(moduleId !== undefined && { chunk: Number(moduleId) }) };
    case "configuration":
      return { configurationId: id };
    case "identity":
    case "twin":
    case "connection":
    case "method":
    case "command":
    case "upload":
      return { deviceId: id, ...(moduleId !== undefined && { moduleId }) };
  }
}

function marksOf({ sequence, event, meta }: RecordedEvent) {
  const { id, time, actor, correlationId, causationId } = meta;
  const cause = causationId === undefined ? {} : { causationId };
  return { sequence, id, type: event.type, time, actor: actorText(actor), correlationId, ...cause };
}

/** An entry of a device's timeline. Telemetry has its partition and offset, as Event Hubs readers know them, for a sequence. */
export const entryDocument = (entry: TimelineEntry, deviceId: string): EventDocument =>
  entry.kind === "event" ? eventDocument(entry.event, deviceId) : telemetryDocument(entry.message);

function telemetryDocument(
  message: StoredTelemetry,
): EventDocument & { readonly partition: number; readonly offset: number } {
  const { partition, sequence, stamp, time, properties } = message;
  const { deviceId, moduleId, connectionId } = stamp;
  const sender = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
  return {
    partition,
    offset: sequence - 1,
    id: `${partition}/${sequence - 1}`,
    type: "Telemetry",
    time,
    actor: actorText({ kind: "device", ...sender }),
    correlationId: connectionId,
    ...sender,
    data: {
      systemProperties: properties.system,
      applicationProperties: Object.fromEntries(properties.application),
      ...bodyOf(message),
    },
  };
}

/** A body that is JSON is shown as JSON, other text as text, anything else as base64. */
function bodyOf({ body }: StoredTelemetry): { readonly body: unknown } | { readonly base64: string } {
  if (!isUtf8(body)) return { base64: Buffer.from(body).toString("base64") };
  const text = Buffer.from(body).toString("utf8");
  try {
    return { body: JSON.parse(text) as unknown };
  } catch {
    return { body: text };
  }
}
