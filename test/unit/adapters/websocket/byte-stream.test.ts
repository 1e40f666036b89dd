import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { suite, test } from "node:test";
import type { WebSocket } from "ws";
import { waitFor } from "../../../support/wait-for.ts";
import { closed, frame, startFixture, timeout, upgradeRequest } from "./websocket-fixture.ts";

/** Gathers what a stream gives. */
function gather(stream: Duplex) {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  return {
    chunks,
    bytes: () => Buffer.concat(chunks),
    until: (wanted: number) => waitFor(`${wanted} bytes`, () => length >= wanted),
  };
}

const closeOf = async (client: WebSocket): Promise<number> => (await once(client, "close"))[0];

/** The failure of a stream, once it is closed. */
async function failureOf(stream: Duplex): Promise<string> {
  let message = "";
  stream.on("error", (error) => {
    message = error.message;
  });
  await closed(stream);
  return message;
}

suite("bytes in", { timeout }, () => {
  // spec/mqtt 1: a packet comes as several messages, the first of them of one byte
  test("messages are bytes, wherever they are cut", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    const gathered = gather(stream);
    const sent = randomBytes(100_000);
    let from = 0;
    for (const size of [1, 2, 1, 0, 70_000, 125, 126, 127, 1, 65_536]) {
      client.send(sent.subarray(from, from + size));
      from += size;
    }
    await gathered.until(sent.length);
    assert.deepEqual(gathered.bytes(), sent);
  });

  test("messages of one byte that come together are read together", async () => {
    await using fixture = await startFixture();
    const socket = await fixture.raw();
    const sent = randomBytes(5_000);
    const frames = Array.from(sent, (byte) => frame(2, Buffer.of(byte)));
    socket.write(Buffer.concat([Buffer.from(upgradeRequest()), ...frames]));
    const { stream } = await fixture.next();
    const gathered = gather(stream);
    await gathered.until(sent.length);
    assert.deepEqual(gathered.bytes(), sent);
    assert.ok(gathered.chunks.length < 20, `${gathered.chunks.length} chunks`);
  });

  // RFC 6455 §5.4
  test("fragments, with a ping between them, are bytes too", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    const gathered = gather(stream);
    client.send("one", { binary: true, fin: false });
    client.ping("?");
    client.send(" two", { binary: true, fin: true });
    const [data] = await once(client, "pong");
    assert.equal(String(data), "?");
    await gathered.until(7);
    assert.equal(String(gathered.bytes()), "one two");
  });

  test("a stream that is not read holds the peer back, and loses nothing", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    const message = randomBytes(65_536);
    const total = 64 * 1024 * 1024;
    for (let sent = 0; sent < total; sent += message.length) client.send(message);
    await waitFor("the stream to fill", () => stream.readableLength >= stream.readableHighWaterMark);
    // The peer's own queue stops shrinking only when all buffers of the network are full.
    let before = 0;
    await waitFor("the peer to be held back", async () => {
      const same = client.bufferedAmount === before;
      before = client.bufferedAmount;
      return same;
    });
    assert.ok(client.bufferedAmount > total / 4, `${client.bufferedAmount} bytes wait`);
    assert.ok(stream.readableLength < 4 * 65_536, `${stream.readableLength} bytes are held`);
    let read = 0;
    stream.on("data", (chunk: Buffer) => {
      read += chunk.length;
    });
    await waitFor("the rest", () => read === total);
  });

  test("a stream that is paused in the midst of a burst stops there", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    let chunks = 0;
    stream.on("data", () => {
      chunks += 1;
      stream.pause();
    });
    client.send(Buffer.from("first"));
    await waitFor("the first", () => chunks === 1);
    client.send(Buffer.from("second"));
    await waitFor("the second", () => stream.readableLength > 0);
    assert.equal(chunks, 1);
    stream.resume();
    await waitFor("the second", () => chunks === 2);
  });
});

suite("bytes out", { timeout }, () => {
  test("what is written arrives in order, as binary messages", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    const received: Buffer[] = [];
    client.on("message", (data: Buffer, isBinary) => {
      assert.ok(isBinary);
      received.push(data);
    });
    const parts = [1, 2, 125, 126, 65_535, 65_536, 300_000].map((size) => randomBytes(size));
    for (const part of parts) stream.write(part);
    await waitFor("all messages", () => received.length === parts.length);
    assert.deepEqual(received, parts);
  });

  test("a peer that does not read is seen in the bytes that wait", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    client.pause();
    const part = Buffer.alloc(65_536);
    await waitFor("bytes to wait", () => {
      stream.write(part);
      return stream.writableLength > 1_048_576;
    });
    assert.equal(stream.writableNeedDrain, true);
    client.resume();
    await once(stream, "drain");
  });
});

suite("ends", { timeout }, () => {
  test("end sends what waits, closes with 1000 and ends the stream", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    stream.resume().end("last words");
    const [[data], code] = await Promise.all([once(client, "message"), closeOf(client), closed(stream)]);
    assert.equal(String(data), "last words");
    assert.equal(code, 1000);
    await waitFor("the socket to go", () => fixture.webSockets.connectionCount === 0);
  });

  test("end waits for the peer's close frame only so long", async () => {
    await using fixture = await startFixture({ closeTimeoutMs: 20 });
    const socket = await fixture.raw();
    socket.resume().write(upgradeRequest());
    const { stream } = await fixture.next();
    stream.resume().end();
    await Promise.all([closed(stream), closed(socket)]);
  });

  test("the peer's close ends the stream after its last bytes", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    const gathered = gather(stream);
    client.send(Buffer.from("last words"));
    client.close(1000);
    const [code] = await Promise.all([closeOf(client), once(stream, "end"), closed(stream)]);
    assert.equal(String(gathered.bytes()), "last words");
    assert.equal(code, 1000);
    assert.equal(stream.errored, null);
  });

  test("bytes written to a peer that has closed are lost without a failure", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    stream.resume().on("end", () => stream.write("too late"));
    client.close();
    await closed(stream);
    assert.equal(stream.errored, null);
  });

  test("a peer that is cut off ends the stream", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    client.terminate();
    stream.resume();
    await closed(stream);
    await waitFor("the socket to go", () => fixture.webSockets.connectionCount === 0);
  });

  test("destroy cuts the peer off", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    stream.destroy();
    assert.equal(await closeOf(client), 1006);
    await waitFor("the socket to go", () => fixture.webSockets.connectionCount === 0);
  });

  test("destroy cuts off a peer that does not answer the close frame", async () => {
    await using fixture = await startFixture({ closeTimeoutMs: 60_000 });
    const socket = await fixture.raw();
    socket.resume().write(upgradeRequest());
    const { stream } = await fixture.next();
    stream.resume().end();
    await once(stream, "finish");
    stream.destroy();
    await closed(socket);
  });
});

suite("rules that are broken", { timeout }, () => {
  // RFC 6455 §7.4.1
  test("text is answered with 1003, and what came before it counts", async () => {
    await using fixture = await startFixture();
    const { client, stream } = await fixture.open();
    const gathered = gather(stream);
    client.send("binary", { binary: true });
    client.send("text");
    client.send("after", { binary: true });
    const [code, failure] = await Promise.all([closeOf(client), failureOf(stream)]);
    assert.equal(code, 1003);
    assert.equal(failure, "a text message came");
    assert.equal(String(gathered.bytes()), "binary");
  });

  const broken = [
    ["a message that is too long", frame(2, Buffer.alloc(65)), 1009],
    [
      "fragments that are too long together",
      [frame(2, Buffer.alloc(64), { final: false }), frame(0, Buffer.alloc(1))],
      1009,
    ],
    [
      "too many fragments",
      [
        frame(2, Buffer.alloc(1), { final: false }),
        ...Array.from({ length: 8 }, () => frame(0, Buffer.of(1), { final: false })),
      ],
      1008,
    ],
    ["a length of 2^63", Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), 1009],
    ["a frame without a mask", Buffer.from([0x82, 1, 0]), 1002],
    ["an unknown opcode", frame(3, Buffer.alloc(1)), 1002],
    ["a reserved bit", Buffer.from([0xc2, 0x80, 0, 0, 0, 0]), 1002],
    ["a continuation of nothing", frame(0, Buffer.alloc(1)), 1002],
  ] as const;
  // RFC 6455 §5, §7.4.1
  for (const [what, bytes, code] of broken)
    test(`${what} is answered with ${code}`, async () => {
      await using fixture = await startFixture({ maxMessageBytes: 64, maxFragments: 8 });
      const { client, stream } = await fixture.open();
      const wire = (client as unknown as { _socket: Duplex })._socket;
      wire.write(Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes));
      const [answer] = await Promise.all([closeOf(client), failureOf(stream)]);
      assert.equal(answer, code);
      await waitFor("the socket to go", () => fixture.webSockets.connectionCount === 0);
    });

  test("a peer that sends pings without end and reads no pong is cut off", async () => {
    await using fixture = await startFixture();
    const socket = await fixture.raw();
    socket.write(upgradeRequest());
    const { stream } = await fixture.next();
    socket.on("error", () => {}).pause();
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(9, Buffer.alloc(125))));
    const end = closed(stream.resume());
    for (let round = 0; round < 100; round += 1) socket.write(pings);
    await end;
    socket.destroy();
  });
});
