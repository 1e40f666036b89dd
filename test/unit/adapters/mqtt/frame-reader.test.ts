import assert from "node:assert/strict";
import { test } from "node:test";
import { generate } from "mqtt-packet";
import { FrameReader } from "../../../../adapters/mqtt/frame-reader.ts";
import { connectPacket, publishPacket } from "./mqtt-client.ts";

const violation = { name: "ProtocolViolation" };

function connectedReader(): FrameReader {
  const reader = new FrameReader();
  reader.expectsConnect = false;
  return reader;
}

/** The packets that a reader cuts out of these chunks. */
function cut(reader: FrameReader, chunks: Iterable<Buffer>): Buffer[] {
  const packets: Buffer[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    while (reader.next()) {
      assert.equal(reader.buffer[reader.packetStart], reader.header);
      assert.ok(reader.packetStart + 2 <= reader.start && reader.start <= reader.end);
      packets.push(reader.buffer.subarray(reader.packetStart, reader.end));
    }
  }
  return packets;
}

const stream = [
  generate({ cmd: "pingreq" }),
  generate(publishPacket("a", "x".repeat(500), { messageId: 7 })),
  generate({ cmd: "puback", messageId: 9 }),
  generate(publishPacket("b", "y".repeat(20_000))),
  generate({ cmd: "disconnect" }),
];

// MQTT 3.1.1 §2.2
test("Packets are cut the same wherever the stream is split", () => {
  const bytes = Buffer.concat(stream);
  for (const size of [1, 2, 3, 5, 64, 509, 4096, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
    assert.deepEqual(cut(connectedReader(), chunks), stream, `chunks of ${size}`);
  }
});

test("Every single split point gives the same packets", () => {
  const bytes = Buffer.concat(stream.slice(0, 3));
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.deepEqual(
      cut(connectedReader(), [bytes.subarray(0, at), bytes.subarray(at)]),
      stream.slice(0, 3),
      `split at ${at}`,
    );
  }
});

// [MQTT-3.1.0-1]
test("The first packet must be a CONNECT and no later one may be", () => {
  const connect = generate(connectPacket());
  assert.equal(cut(new FrameReader(), [connect]).length, 1);
  assert.throws(() => cut(new FrameReader(), [Buffer.of(0xc0)]), violation);
  assert.throws(() => cut(connectedReader(), [Buffer.of(0x10)]), violation);
});

// spec/mqtt 3, [MQTT-2.2.2-2]
test("Packets and flags that a device may not send are refused by their first byte", () => {
  const allowed = [0x30, 0x31, 0x32, 0x33, 0x38, 0x39, 0x3a, 0x3b, 0x40, 0x82, 0xa2, 0xc0, 0xe0];
  for (let first = 0; first < 256; first += 1) {
    const read = () => cut(connectedReader(), [Buffer.of(first)]);
    if (allowed.includes(first)) assert.deepEqual(read(), []);
    else assert.throws(read, violation, `0x${first.toString(16)}`);
  }
});

// spec/mqtt 4
test("A length over the limit is refused before its packet comes", () => {
  const length = (bytes: number) => [(bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14];
  const limit = 2 + 65_535 + 2 + 262_144;
  assert.deepEqual(cut(connectedReader(), [Buffer.of(0x32, ...length(limit))]), []);
  assert.throws(() => cut(connectedReader(), [Buffer.of(0x32, ...length(limit + 1))]), violation);
  assert.throws(() => cut(new FrameReader(), [Buffer.of(0x10, ...length(98_306))]), violation);
  assert.throws(() => cut(connectedReader(), [Buffer.of(0xc0, 1)]), violation);
  assert.throws(() => cut(connectedReader(), [Buffer.of(0x40, 3)]), violation);
  assert.throws(() => cut(connectedReader(), [Buffer.of(0x82, ...length(16_385))]), violation);
});

// MQTT 3.1.1 §2.2.3
test("A remaining length of five bytes is refused", () => {
  assert.throws(() => cut(connectedReader(), [Buffer.of(0x32, 0x80, 0x80, 0x80, 0x80)]), violation);
  const bytewise = [0x32, 0x80, 0x80, 0x80, 0x80].map((byte) => Buffer.of(byte));
  assert.throws(() => cut(connectedReader(), bytewise), violation);
});
