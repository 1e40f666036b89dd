import { generate, type IConnectPacket, type ISubscription, type Packet, parser } from "mqtt-packet";
import type { FrameReader } from "./frame-reader.ts";
import { ProtocolViolation } from "./protocol-violation.ts";

/** A packet of a connected device that is not a PUBLISH. */
export type ControlPacket =
  | { readonly type: "puback"; readonly packetId: number }
  | { readonly type: "subscribe"; readonly packetId: number; readonly filters: readonly ISubscription[] }
  | { readonly type: "unsubscribe"; readonly packetId: number; readonly filters: readonly string[] }
  | { readonly type: "pingreq" }
  | { readonly type: "disconnect" };

/** Decodes the packet in the reader. Throws ProtocolViolation. */
export function decodeControlPacket(reader: FrameReader): ControlPacket {
  const packet = decode(reader);
  switch (packet.cmd) {
    case "puback":
      return { type: "puback", packetId: checkPacketId(packet.messageId) };
    case "subscribe": {
      const filters = packet.subscriptions;
      for (const { topic } of filters) checkText(topic);
      return { type: "subscribe", packetId: checkPacketId(packet.messageId), filters: checkSome(filters) };
    }
    case "unsubscribe": {
      const filters = packet.unsubscriptions;
      for (const filter of filters) checkText(filter);
      return { type: "unsubscribe", packetId: checkPacketId(packet.messageId), filters: checkSome(filters) };
    }
    case "pingreq":
    case "disconnect":
      return { type: packet.cmd };
    case "auth":
    case "connack":
    case "connect":
    case "pingresp":
    case "pubcomp":
    case "publish":
    case "pubrec":
    case "pubrel":
    case "suback":
    case "unsuback":
      throw new ProtocolViolation("packet that a device may not send here");
  }
}

/** Decodes the CONNECT in the reader. Throws ProtocolViolation. */
export function decodeConnect(reader: FrameReader): IConnectPacket {
  const packet = decode(reader);
  if (packet.cmd !== "connect") throw new ProtocolViolation("first packet is not a CONNECT");
  for (const text of [packet.clientId, packet.username, packet.will?.topic]) if (text !== undefined) checkText(text);
  return packet;
}

/**
 * Each packet has a parser of its own. As it sees one whole packet and nothing else, it can neither wait for more bytes
 * nor read into the next packet, and it does not keep the CONNECT, which it holds as its settings, password and all.
 */
function decode({ buffer, packetStart, end }: FrameReader): Packet {
  const packets: Packet[] = [];
  const decoder = parser();
  decoder.on("packet", (packet) => packets.push(packet));
  decoder.on("error", () => packets.splice(0));
  try {
    decoder.parse(buffer.subarray(packetStart, end));
  } catch (cause) {
    throw new ProtocolViolation("malformed packet", { cause });
  }
  const [packet] = packets;
  if (packet === undefined) throw new ProtocolViolation("malformed packet");
  return packet;
}

/** [MQTT-2.3.1-1]. The parser gives -1 when the packet ends before its id. */
function checkPacketId(packetId: number | undefined): number {
  if (packetId === undefined || packetId < 1) throw new ProtocolViolation("packet id 0");
  return packetId;
}

/** [MQTT-3.8.3-3], [MQTT-3.10.3-2]. */
function checkSome<T>(filters: readonly T[]): readonly T[] {
  if (filters.length === 0) throw new ProtocolViolation("no topic filter");
  return filters;
}

/**
 * [MQTT-1.5.3-1], [MQTT-1.5.3-2]. The parser decodes bytes that are no UTF-8 to U+FFFD, so that character is refused;
 * no name of IoT Hub holds it.
 */
function checkText(text: string): void {
  if (text.includes("\ufffd") || text.includes("\0")) throw new ProtocolViolation("text is not UTF-8 or holds NUL");
}

export const pingresp = Buffer.of(0xd0, 0);

/** SUBACK with the QoS granted to each filter, in their order. */
export const suback = (packetId: number, granted: readonly number[]): Buffer =>
  generate({ cmd: "suback", messageId: packetId, granted: [...granted] });

/** UNSUBACK. */
export const unsuback = (packetId: number): Buffer => generate({ cmd: "unsuback", messageId: packetId, granted: [] });

/** What the hub publishes. `packetId` is there for QoS 1 and absent for QoS 0. */
export type Publish = {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly packetId: number | undefined;
  /** That the device may have had it before; only with a packet id ([MQTT-3.3.1-2]). */
  readonly dup?: boolean;
};

/** PUBLISH. The hub retains nothing. */
export function publish({ topic, payload, packetId, dup = false }: Publish): Buffer {
  const packet = { cmd: "publish", topic, payload, dup, retain: false } as const;
  return generate(packetId === undefined ? { ...packet, qos: 0 } : { ...packet, qos: 1, messageId: packetId });
}
