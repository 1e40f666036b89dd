import rhea, { type Message } from "rhea";
import type { EventEncoder } from "../../../../adapters/event-hubs/event-encoder.ts";
import type { RawTelemetry } from "../../../../adapters/nats/partition-log.ts";

/** Encodes an event into a buffer that has not a byte more than the encoder asked for. */
export function encodeEvent(encoder: EventEncoder, event: RawTelemetry): Buffer {
  const bytes = Buffer.alloc(encoder.prepare(event), 0xee);
  encoder.write(bytes, 0);
  return bytes;
}

type Decoded = Omit<Message, "body" | "toJSON" | "toString"> & { readonly body: Buffer };

/** An event as rhea reads it: its sections, and the bytes of its body. */
export function decodeEvent(bytes: Buffer): Decoded {
  const { body, ...sections } = rhea.message.decode(bytes);
  return { ...sections, body: (body as { readonly content: Buffer }).content };
}

type Value = { readonly type: { readonly name: string }; readonly value: unknown };

/** The names of the AMQP types in each section but the body, as they are on the wire. */
export function typesIn(bytes: Buffer): readonly (readonly string[])[] {
  const reader = new (
    rhea.types as unknown as { Reader: new (bytes: Buffer) => { remaining(): number; read(): Value } }
  ).Reader(bytes);
  const sections: string[][] = [];
  while (reader.remaining() > 0) {
    const { value } = reader.read();
    if (Array.isArray(value)) sections.push((value as Value[]).map(({ type }) => type.name));
  }
  return sections;
}
