import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { after, before, suite, test } from "node:test";
import fc from "fast-check";
import { waitFor } from "../../../support/wait-for.ts";
import {
  closed,
  type Fixture,
  frame,
  startFixture,
  upgradeRequest,
} from "../../../unit/adapters/websocket/websocket-fixture.ts";

/** How long each test looks for trouble, in milliseconds. On a find fast-check prints seed and path. */
const budget = 2_000;
const timeout = 60_000;
const parameters = { interruptAfterTimeLimit: budget, numRuns: Number.MAX_SAFE_INTEGER, endOnFailure: true } as const;

type Message = { readonly pieces: readonly Uint8Array[]; readonly ping: boolean };

const payload = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 3 }) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 130 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }) },
);
const message: fc.Arbitrary<Message> = fc.record({
  pieces: fc.array(payload, { minLength: 1, maxLength: 4 }),
  ping: fc.boolean(),
});

/** A message in as many frames as it has pieces, with a ping before the last when it asks for one. */
function framesOf({ pieces, ping }: Message): Buffer {
  const last = pieces.length - 1;
  const frames = pieces.map((piece, index) => frame(index === 0 ? 2 : 0, piece, { final: index === last }));
  return Buffer.concat(ping ? frames.toSpliced(last, 0, frame(9, Buffer.from("?"))) : frames);
}

const opcode = fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.integer({ min: 0, max: 127 }));
const oddFrame = fc
  .record({ opcode, payload, final: fc.boolean(), flip: fc.option(fc.record({ at: fc.nat(20), to: fc.nat(255) })) })
  .map(({ opcode: code, payload: bytes, final, flip }) => {
    const odd = frame(code, bytes, { final });
    if (flip !== null && flip.at < odd.length) odd[flip.at] = flip.to;
    return odd;
  });
const hostile = fc.array(fc.oneof(message.map(framesOf), oddFrame, fc.uint8Array({ maxLength: 40 })), {
  maxLength: 10,
});
const cuts = fc.array(fc.nat(), { maxLength: 6 });

/** Writes the bytes in chunks that end at these places. */
function sendSplit(socket: Socket, bytes: Buffer, places: readonly number[]): void {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    socket.write(bytes.subarray(from, end));
    from = end;
  }
}

suite("random frames", { timeout }, () => {
  let fixture: Fixture;
  const onStream = (stream: Duplex) => stream.on("error", () => {});
  before(async () => {
    fixture = await startFixture({ maxMessageBytes: 4_096, maxFragments: 16, closeTimeoutMs: 50 }, onStream);
  });
  after(() => fixture[Symbol.asyncDispose]());

  async function upgraded(): Promise<{ socket: Socket; stream: Duplex }> {
    const socket = await fixture.raw();
    socket.on("error", () => {}).setNoDelay(true);
    socket.write(upgradeRequest());
    const { stream } = await fixture.next();
    await once(socket, "data");
    return { socket, stream };
  }

  // spec/mqtt 1
  test("good messages give their bytes, cut anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 8 }), cuts, async (messages, places) => {
        const { socket, stream } = await upgraded();
        const received: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => received.push(chunk));
        sendSplit(socket.resume(), Buffer.concat([...messages.map(framesOf), frame(8, Buffer.alloc(0))]), places);
        await Promise.all([closed(stream), closed(socket)]);
        assert.equal(stream.errored, null);
        assert.deepEqual(Buffer.concat(received), Buffer.concat(messages.flatMap(({ pieces }) => pieces)));
      }),
      parameters,
    );
  });

  // RFC 6455 §5
  test("bad frames end their own connection at most", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, cuts, fc.boolean(), async (frames, places, reading) => {
        const { socket, stream } = await upgraded();
        stream.resume();
        if (reading) socket.resume();
        else socket.pause();
        stream.write("from the hub");
        sendSplit(socket, Buffer.concat(frames), places);
        const end = closed(stream);
        if (reading) socket.end();
        else socket.destroySoon();
        await end;
        await waitFor("the socket to go", () => fixture.webSockets.connectionCount === 0);
        socket.destroy();
      }),
      parameters,
    );
    const { client, stream } = await fixture.open();
    stream.on("data", (chunk: Buffer) => stream.write(chunk));
    client.send(Buffer.from("echo"));
    const [data] = await once(client, "message");
    assert.equal(String(data), "echo");
    client.terminate();
    await closed(stream);
  });

  test("random requests to upgrade are refused or granted, and the server stays", async () => {
    const header = fc.constantFrom(
      "upgrade",
      "connection",
      "sec-websocket-key",
      "sec-websocket-version",
      "sec-websocket-protocol",
    );
    const text = fc.oneof(
      fc.constantFrom("websocket", "h2c", "Upgrade", "13", "8", "mqtt", "mqtt, AMQPWSB10", "", ","),
      fc.stringMatching(/^[!-~]{0,30}$/),
    );
    const target = fc.oneof(
      fc.constantFrom("/$iothub/websocket", "/%24iothub/websocket?x", "/$servicebus/websocket", "/%", "*", "//"),
      fc.stringMatching(/^\/[!-~]{0,30}$/),
    );
    await fc.assert(
      fc.asyncProperty(target, fc.dictionary(header, text, { maxKeys: 2 }), async (path, headers) => {
        const socket = await fixture.raw();
        socket.on("error", () => {}).write(upgradeRequest({ target: path, headers }));
        const [answer] = await once(socket, "data");
        assert.match(String(answer), /^HTTP\/1.1 (101|200|400|404|426) /);
        socket.destroy();
        for (const { stream } of fixture.accepted.splice(0)) stream.resume();
        await waitFor("the socket to go", () => fixture.webSockets.connectionCount === 0);
      }),
      parameters,
    );
  });
});
