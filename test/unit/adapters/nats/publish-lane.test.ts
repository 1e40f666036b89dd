import assert from "node:assert/strict";
import { test } from "node:test";
import { JetStreamError } from "../../../../adapters/nats/js-api.ts";
import { type Outgoing, PublishLane } from "../../../../adapters/nats/publish-lane.ts";
import { HubError } from "../../../../core/hub-error.ts";

const ack = new Uint8Array([1]);
const bytes = new Uint8Array();
const message = (context: string, acceptedAt = 0): Outgoing<string> => {
  return { subject: "s", headers: bytes, body: bytes, context, acceptedAt, outcome: undefined };
};

/** A lane over a line that notes what goes out and what is settled. */
function openLane({ maxInFlight = 1_000, deadlineMs = 30_000 } = {}) {
  const line = { up: true };
  const sent: [string, number][] = [];
  const settled: string[] = [];
  const lane = new PublishLane<string>({
    maxInFlight,
    deadlineMs,
    transmit: ({ context }, number) => {
      if (line.up) sent.push([context, number]);
      return line.up;
    },
    settled: ({ context }, outcome) => {
      settled.push(outcome instanceof Uint8Array ? context : `${context}: ${outcome.name}`);
    },
  });
  /** Adds messages in one turn of the event loop. */
  const send = (...messages: readonly Outgoing<string>[]): void => {
    for (const one of messages) lane.add(one);
    lane.flush();
  };
  return { line, sent, settled, lane, send };
}

test("outcomes that overtake wait for those before them", () => {
  const { lane, send, settled } = openLane();
  send(...["a", "b", "c"].map((name) => message(name)));
  lane.settle(2, ack, 1);
  lane.settle(1, new JetStreamError(400, 1, "no"), 1);
  assert.deepEqual(settled, []);
  lane.settle(0, ack, 1);
  assert.deepEqual(settled, ["a", "b: JetStreamError", "c"]);
});

test("what has no outcome is sent again in order and before anything newer", () => {
  const { lane, send, line, sent, settled } = openLane();
  send(...["a", "b", "c"].map((name) => message(name)));
  lane.settle(1, ack, 1);
  line.up = false;
  send(message("d"));
  line.up = true;
  sent.length = 0;
  lane.resend();
  send(message("e"));
  assert.deepEqual(sent, [
    ["a", 0],
    ["c", 2],
    ["d", 3],
    ["e", 4],
  ]);
  for (const number of [0, 0, 2, 3, 4, 99]) lane.settle(number, ack, 2);
  assert.deepEqual(settled, ["a", "b", "c", "d", "e"]);
});

test("no more than the window is on the wire", () => {
  const { lane, send, sent } = openLane({ maxInFlight: 2 });
  send(...["a", "b", "c", "d"].map((name) => message(name)));
  assert.equal(sent.length, 2);
  lane.settle(0, ack, 1);
  assert.deepEqual(sent.at(-1), ["c", 2]);
  assert.equal(sent.length, 3);
});

test("when JetStream can't take messages they go out again a moment later", () => {
  const { lane, send, sent } = openLane();
  send(message("a"));
  lane.hold(1_000);
  send(message("b"));
  lane.resend();
  lane.sweep(1_100);
  assert.equal(sent.length, 1);
  lane.sweep(1_200);
  assert.deepEqual(sent.slice(1), [
    ["a", 0],
    ["b", 1],
  ]);
});

test("what gets no answer is sent again, and fails when the deadline comes", () => {
  const { lane, send, sent, settled } = openLane({ deadlineMs: 30_000 });
  send(message("a", 0));
  send(message("b", 10_000));
  lane.sweep(4_999);
  assert.equal(sent.length, 2);
  lane.sweep(5_000);
  assert.equal(sent.length, 4);
  lane.sweep(30_000);
  assert.deepEqual(settled, ["a: HubError"]);
  lane.sweep(39_999);
  assert.deepEqual(settled, ["a: HubError"]);
  lane.sweep(40_000);
  assert.deepEqual(settled, ["a: HubError", "b: HubError"]);
});

test("a slow disk is no failure: as long as answers come the deadline moves", () => {
  const { lane, send, settled } = openLane({ deadlineMs: 30_000 });
  send(...["a", "b", "c"].map((name) => message(name, 0)));
  lane.settle(0, ack, 29_000);
  lane.sweep(31_000);
  lane.settle(1, ack, 58_000);
  lane.sweep(60_000);
  assert.deepEqual(settled, ["a", "b"]);
  lane.sweep(88_000);
  assert.deepEqual(settled, ["a", "b", "c: HubError"]);
});

test("a message that is refused from the start is settled in its turn", () => {
  const { lane, send, sent, settled } = openLane();
  send(message("a"));
  send({ ...message("b"), outcome: new HubError("MessageTooLarge", "too large") });
  send(message("c"));
  assert.deepEqual(
    sent.map(([name]) => name),
    ["a", "c"],
  );
  lane.settle(2, ack, 1);
  lane.settle(0, ack, 1);
  assert.deepEqual(settled, ["a", "b: HubError", "c"]);
});

test("a lane holds any number of messages, and the end settles them all", () => {
  const { lane, send, sent, settled } = openLane({ maxInFlight: 100_000 });
  for (let n = 0; n < 50; n += 1) send(message(`${n}`));
  for (let n = 0; n < 40; n += 1) lane.settle(n, ack, 1);
  for (let n = 50; n < 1_000; n += 1) send(message(`${n}`));
  assert.equal(sent.length, 1_000);
  for (let n = 40; n < 999; n += 1) lane.settle(n, ack, 1);
  lane.failAll(new HubError("ServiceUnavailable", "over"), 2);
  assert.deepEqual(settled, [...Array.from({ length: 999 }, (_, n) => `${n}`), "999: HubError"]);
});

test("a listener may send from within its call", () => {
  const sent: number[] = [];
  const settled: string[] = [];
  const send = (one: Outgoing<string>): void => {
    lane.add(one);
    lane.flush();
  };
  const lane: PublishLane<string> = new PublishLane<string>({
    maxInFlight: 2,
    deadlineMs: 1,
    transmit: (_message, number) => sent.push(number) > 0,
    settled: ({ context }) => {
      settled.push(context);
      if (settled.length < 200) send(message(`${settled.length + 1}`));
    },
  });
  send(message("0"));
  send(message("1"));
  for (let n = 0; n < 201; n += 1) lane.settle(n, ack, 1);
  assert.equal(settled.length, 201);
  assert.deepEqual(
    sent,
    Array.from({ length: 201 }, (_, n) => n),
  );
});
