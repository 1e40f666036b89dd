import type { AggregateKey, EventMeta, NewEvent, RecordedEvent } from "../../core/events.ts";
import { HubError } from "../../core/hub-error.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { actorText, parseActor } from "./actor-text.ts";
import { eachHeader, headerBlock, headerLine } from "./header-block.ts";
import { decodePercent } from "./percent-encoding.ts";
import { encodeToken, keyOf } from "./subjects.ts";
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
  const { sequence, subject } = raw;
  try {
    const headers = readHeaders(raw.headerLines);
    const data = parseData(raw.text);
    const { type, version } = headers;
    return { sequence, key: keyOf(subject), event: versions.upcast({ type, version, data }), meta: metaOf(headers) };
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
    if (name === "ce-type") headers.type = value.startsWith(typePrefix) ? value.slice(typePrefix.length) : value;
    else if (name === "ts-v") headers.version = Number(value);
    else if (name === "ce-id") headers.id = decodePercent(value);
    else if (name === "ce-time") headers.time = decodePercent(value);
    else if (name === "ts-actor") headers.actor = value;
    else if (name === "ts-correlation") headers.correlationId = decodePercent(value);
    else if (name === "ts-causation") headers.causationId = decodePercent(value);
  });
  return headers;
}

function metaOf({ id, time, actor: text, correlationId, causationId }: Headers): EventMeta {
  const actor = parseActor(text);
  if (id === "" || time === "" || actor === undefined) throw new Error("its headers are not a hub's");
  return { id, time, actor, correlationId, ...(causationId === undefined ? {} : { causationId }) };
}

function parseData(text: string): JsonObject {
  const json = JSON.parse(text) as Json;
  if (!isJsonObject(json)) throw new Error("its data is no JSON object");
  return json;
}
