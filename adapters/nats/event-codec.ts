import type { AggregateKey, EventMeta, HubEvent, NewEvent, RecordedEvent } from "../../core/events.ts";
import { HubError } from "../../core/hub-error.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { ViewedEvent } from "../../projections/viewed-event.ts";
import { actorText, createActorReader, parseActor } from "./actor-text.ts";
import { eachHeader, headerBlock, headerLine } from "./header-block.ts";
import { decodePercent } from "./percent-encoding.ts";
import { createKeyReader, encodeToken, keyOf } from "./subjects.ts";
import type { EventVersions } from "./upcast.ts";

/*
 * An event in the journal is a CloudEvent in binary mode: its data is the JSON body, `ce-type` is `com.twinstream.<type>`,
 * and `ts-v`, `ts-actor`, `ts-correlation` and `ts-causation` are the hub's own headers.
 */

const typePrefix = "com.twinstream.";

/** An event as it goes to NATS. */
export type EncodedEvent = { readonly headers: Uint8Array; readonly body: Uint8Array };

/** What an event is encoded with. `expectedSequence` is the aggregate's last sequence that the writer knows of. */
export type EncodeRequest = {
  readonly hub: string;
  readonly key: AggregateKey;
  readonly event: NewEvent;
  readonly version: number;
  readonly expectedSequence: number | undefined;
};

/** Encodes an event about to be appended. */
export function encodeEvent({
  hub,
  key,
  event: { event, meta },
  version,
  expectedSequence,
}: EncodeRequest): EncodedEvent {
  // JetStream's own headers come first: nats-server looks for the first occurrence of their names, and overlooks them
  // when a value from outside that holds such a name comes before.
  let lines = headerLine("Nats-Msg-Id", meta.id);
  if (expectedSequence !== undefined) lines += `Nats-Expected-Last-Subject-Sequence: ${expectedSequence}\r\n`;
  lines += "ce-specversion: 1.0\r\ncontent-type: application/json\r\n";
  lines += `ce-type: ${typePrefix}${event.type}\r\nce-source: /hubs/${hub}\r\nce-subject: ${subjectText(key)}\r\n`;
  lines += headerLine("ce-id", meta.id) + headerLine("ce-time", meta.time);
  lines += `ts-v: ${version}\r\nts-actor: ${actorText(meta.actor)}\r\n${headerLine("ts-correlation", meta.correlationId)}`;
  if (meta.causationId !== undefined) lines += headerLine("ts-causation", meta.causationId);
  return { headers: headerBlock(lines), body: Buffer.from(JSON.stringify(event.data)) };
}

const subjectText = ({ id, moduleId }: AggregateKey): string =>
  moduleId === undefined ? encodeToken(id) : `${encodeToken(id)}/${encodeToken(moduleId)}`;

/** An event as NATS gives it back. */
export type RawEvent = {
  readonly subject: string;
  readonly sequence: number;
  /** The header lines, without the first one. */
  readonly headerLines: string;
  /** JSON. */
  readonly text: string;
};

/**
 * Decodes an event and gives it today's shape. Throws HubError `ServerError`, naming the sequence, for one that this hub
 * does not know or no hub wrote.
 */
export function decodeEvent(raw: RawEvent, versions: EventVersions): RecordedEvent {
  const { sequence, subject, text } = raw;
  return naming(raw, () => {
    const headers = readHeaders(raw.headerLines);
    return { sequence, key: keyOf(subject), event: eventOf({ ...headers, text }, versions), meta: metaOf(headers) };
  });
}

/** An event of which the headers are read as far as views need them, its actor still as text. */
export type LabelledEvent = Pick<RawEvent, "subject" | "sequence" | "text"> & EventLabel;
type EventLabel = {
  readonly type: string;
  /** Of the event's shape. */
  readonly version: number;
  readonly time: string;
  readonly actor: string;
  readonly correlationId: string;
};

/** Reads what views need of an event's headers. */
export function labelOf(lines: string): EventLabel {
  let [type, version, time, actor, correlationId] = ["", 1, "", "", ""];
  eachHeader(lines, (name, value) => {
    if (name === "ce-type") type = typeOf(value);
    else if (name === "ts-v") version = Number(value);
    else if (name === "ce-time") time = decodePercent(value);
    else if (name === "ts-actor") actor = value;
    else if (name === "ts-correlation") correlationId = decodePercent(value);
  });
  return { type, version, time, actor, correlationId };
}

/** Makes the decoder of a replay into views. It throws as `decodeEvent` does. */
export function createViewDecoder(versions: EventVersions): (labelled: LabelledEvent) => ViewedEvent {
  const readKey = createKeyReader();
  const readActor = createActorReader();
  return (labelled) =>
    naming(labelled, () => {
      const { sequence, subject, time, correlationId } = labelled;
      const actor = readActor(labelled.actor);
      if (time === "" || actor === undefined) throw new Error(foreignHeaders);
      const event = eventOf(labelled, versions);
      return { sequence, key: readKey(subject), event, meta: { time, actor, correlationId } };
    });
}

function eventOf(
  { type, version, text }: Pick<LabelledEvent, "type" | "version" | "text">,
  versions: EventVersions,
): HubEvent {
  return versions.upcast({ type, version, data: parseData(text) });
}

/** Names the event in what its decoding throws. */
function naming<Event>({ sequence, subject }: Pick<RawEvent, "sequence" | "subject">, decode: () => Event): Event {
  try {
    return decode();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "it cannot be read";
    const detail = { ...(cause instanceof HubError ? cause.detail : {}), sequence, subject: subject.slice(0, 512) };
    throw new HubError("ServerError", `Event ${sequence} of the journal: ${reason}`, detail, { cause });
  }
}

/** The id of an event, whether or not this hub can read the rest of it; empty when it has none. */
export const eventIdOf = ({ headerLines }: RawEvent): string => readHeaders(headerLines).id;

type Headers = {
  type: string;
  version: number;
  id: string;
  time: string;
  actor: string;
  correlationId: string;
  causationId: string | undefined;
};

function readHeaders(lines: string): Headers {
  const headers: Headers = {
    type: "",
    version: 1,
    id: "",
    time: "",
    actor: "",
    correlationId: "",
    causationId: undefined,
  };
  eachHeader(lines, (name, value) => {
    if (name === "ce-type") headers.type = typeOf(value);
    else if (name === "ts-v") headers.version = Number(value);
    else if (name === "ce-id") headers.id = decodePercent(value);
    else if (name === "ce-time") headers.time = decodePercent(value);
    else if (name === "ts-actor") headers.actor = value;
    else if (name === "ts-correlation") headers.correlationId = decodePercent(value);
    else if (name === "ts-causation") headers.causationId = decodePercent(value);
  });
  return headers;
}

const typeOf = (value: string): string => (value.startsWith(typePrefix) ? value.slice(typePrefix.length) : value);

const foreignHeaders = "its headers are not a hub's";

function metaOf({ id, time, actor: text, correlationId, causationId }: Headers): EventMeta {
  const actor = parseActor(text);
  if (id === "" || time === "" || actor === undefined) throw new Error(foreignHeaders);
  return { id, time, actor, correlationId, ...(causationId === undefined ? {} : { causationId }) };
}

function parseData(text: string): JsonObject {
  const json = JSON.parse(text) as Json;
  if (!isJsonObject(json)) throw new Error("its data is no JSON object");
  return json;
}
