import assert from "node:assert/strict";
import { test } from "node:test";
import { type D2cMessage, maxD2cBytes } from "../../../../core/device-to-cloud/message.ts";
import { utf8Length } from "../../../../core/device-to-cloud/size.ts";
import { createTelemetry } from "../../../../core/device-to-cloud/telemetry.ts";
import { HubError } from "../../../../core/hub-error.ts";
import type { TelemetryLog } from "../../../../core/ports.ts";

const principal = { deviceId: "d", generationId: "1", authMethod: "{}", validUntil: 0 };
const source = { principal, connectionId: "c" };

/** A log that takes `window` messages before it asks for a pause, and settles all of them at once. */
function scriptedLog(window: number, outcome?: HubError) {
  const taken: D2cMessage[] = [];
  const pending: (() => void)[] = [];
  const log: TelemetryLog = {
    open: () => ({
      send(message, stored) {
        taken.push(message);
        pending.push(() => stored(outcome));
        return pending.length < window;
      },
    }),
    whenReady(ready) {
      for (const settle of pending.splice(0)) settle();
      ready();
    },
  };
  return { log, taken, settle: () => log.whenReady(() => {}) };
}

const message = (bytes: number, application: readonly (readonly [string, string])[] = []): D2cMessage => ({
  body: new Uint8Array(bytes),
  properties: { system: {}, application: new Map(application) },
});

// spec/messaging 1.1: body, values of system properties, names and values of application properties.
test("a message of exactly 256 KiB is taken, a byte more is refused", () => {
  const { log, taken } = scriptedLog(10);
  const sender = createTelemetry(log).open(source);
  sender.send(message(maxD2cBytes - 6, [["näm", "è"]]), () => {});
  assert.throws(() => sender.send(message(maxD2cBytes - 5, [["näm", "è"]]), () => {}), { reason: "MessageTooLarge" });
  const system = {
    ...message(maxD2cBytes - 3),
    properties: { system: { "message-id": "four" }, application: new Map() },
  };
  assert.throws(() => sender.send(system, () => {}), { reason: "MessageTooLarge" });
  assert.equal(taken.length, 1);
});

test("a batch is as large as its messages together", async () => {
  const { log } = scriptedLog(1);
  const half = message(maxD2cBytes / 2);
  await createTelemetry(log).sendAll(source, [half, half]);
  await assert.rejects(createTelemetry(log).sendAll(source, [half, half, message(1)]), { reason: "MessageTooLarge" });
});

test("a batch waits for room and resolves when all of it is stored, in order", async () => {
  const { log, taken } = scriptedLog(2);
  const messages = Array.from({ length: 6 }, (_, index) => message(index));
  await createTelemetry(log).sendAll(source, messages);
  assert.deepEqual(taken, messages);
});

test("a batch fails when one of its messages can't be stored", async () => {
  const { log } = scriptedLog(1, new HubError("ServiceUnavailable", "the journal is out of reach"));
  await assert.rejects(createTelemetry(log).sendAll(source, [message(1)]), { reason: "ServiceUnavailable" });
});

test("the length of a text is that of its UTF-8", () => {
  for (const text of ["", "abc", "ü", "€", "😀", "a😀€ü"]) assert.equal(utf8Length(text), Buffer.byteLength(text));
});
