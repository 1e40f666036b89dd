import type { D2cSystemProperty } from "../../core/device-to-cloud/message.ts";
import { eachHeader } from "../nats/header-block.ts";
import { decodePercent } from "../nats/percent-encoding.ts";
import type { AmqpWriter } from "./amqp-writer.ts";

/** What header lines say of an event, as AMQP. */
export type EventProperties = {
  /** Entries of the message annotations, and how many keys and values they are. */
  readonly annotations: Buffer;
  readonly annotationCount: number;
  /** The sections of properties and of application properties, those that there are. */
  readonly sections: Buffer;
};

type Field = { readonly name: D2cSystemProperty; readonly write: (writer: AmqpWriter, text: string) => void };

const string = (writer: AmqpWriter, text: string): void => writer.string(text);
const symbol = (writer: AmqpWriter, text: string): void => writer.symbol(text);

/** The list of properties (AMQP 1.0 part 3, section 3.2.4); no device sets those that are left out. */
const fields: readonly (Field | undefined)[] = [
  { name: "message-id", write: string },
  { name: "user-id", write: (writer, text) => writer.binary(text) },
  { name: "to", write: string },
  undefined,
  undefined,
  { name: "correlation-id", write: string },
  { name: "content-type", write: symbol },
  { name: "content-encoding", write: symbol },
  { name: "absolute-expiry-time", write: writeTime },
];
const places: ReadonlyMap<string, number> = new Map(
  fields.flatMap((field, place) => (field === undefined ? [] : [[field.name, place]])),
);

const applicationPrefix = "iothub-app-";
const none = Buffer.alloc(0);
const noProperties: EventProperties = { annotations: none, annotationCount: 0, sections: none };

/**
 * Encodes header lines, as `telemetry-headers.ts` makes them: system properties, application properties, and what becomes
 * an annotation, under the name that it has. Headers of no such kind are the log's own.
 */
export function encodeProperties(writer: AmqpWriter, lines: string): EventProperties {
  if (lines === "") return noProperties;
  const system: string[] = [];
  const application: string[] = [];
  let annotationCount = 0;
  eachHeader(lines, (name, value) => {
    const place = places.get(name);
    if (place !== undefined) system[place] = decoded(value);
    else if (name.startsWith(applicationPrefix)) {
      application.push(decoded(name.slice(applicationPrefix.length)), decoded(value));
    } else if (name.startsWith("iothub-") || name.startsWith("dt-")) {
      writer.symbol(name);
      writer.string(decoded(value));
      annotationCount += 2;
    }
  });
  const annotations = annotationCount === 0 ? none : writer.take();
  writeProperties(writer, system);
  writeApplicationProperties(writer, application);
  return { annotations, annotationCount, sections: writer.take() };
}

function writeProperties(writer: AmqpWriter, system: readonly string[]): void {
  if (system.length === 0) return;
  writer.section(0x73);
  const list = writer.openList();
  for (let place = 0; place < system.length; place += 1) {
    const text = system[place];
    if (text === undefined) writer.nothing();
    else fields[place]?.write(writer, text);
  }
  writer.close(list, system.length);
}

function writeApplicationProperties(writer: AmqpWriter, namesAndValues: readonly string[]): void {
  if (namesAndValues.length === 0) return;
  writer.section(0x74);
  const map = writer.openMap();
  for (const text of namesAndValues) writer.string(text);
  writer.close(map, namesAndValues.length);
}

/** A device may have sent any text for a time: one that is none is left out. */
function writeTime(writer: AmqpWriter, text: string): void {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) writer.nothing();
  else writer.timestamp(timeMs);
}

function decoded(text: string): string {
  try {
    return decodePercent(text);
  } catch {
    return text;
  }
}
