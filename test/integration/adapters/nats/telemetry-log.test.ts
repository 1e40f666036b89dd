import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { NatsConnection } from "nats";
import { followTelemetry } from "../../../../adapters/nats/follow-telemetry.ts";
import { partitionOf } from "../../../../adapters/nats/partition.ts";
import type { PublishWindow } from "../../../../adapters/nats/publisher.ts";
import { StreamFeed } from "../../../../adapters/nats/stream-feed.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { decodeTelemetry, type TelemetryMessage } from "../../../../adapters/nats/telemetry-headers.ts";
import { createTelemetryLog } from "../../../../adapters/nats/telemetry-log.ts";
import type { TelemetryStamp } from "../../../../core/device-to-cloud/message.ts";
import type { HubError } from "../../../../core/hub-error.ts";
import { silentLog, startNats, type TestNats, until } from "../../../support/nats.ts";

const partitions = 2;
const none = { system: {}, application: new Map<string, string>() };
const text = (value: string | number) => ({ properties: none, body: Buffer.from(`${value}`) });
const stampOf = (deviceId: string): TelemetryStamp => {
  return { deviceId, generationId: "1", authMethod: '{"scope":"device"}', connectionId: `connection-of-${deviceId}` };
};

async function openLog(nats: TestNats, window?: PublishWindow, deadlineMs?: number) {
  const nc = await nats.connect();
  await ensureStreams({ nc, hub: "hub", partitions, telemetryMaxAgeMs: 0 });
  const optional = { ...(window === undefined ? {} : { window }), ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  return { nc, log: createTelemetryLog({ nc, hub: "hub", partitions, log: silentLog, ...optional }) };
}

async function stored(nc: NatsConnection, partition: number): Promise<readonly TelemetryMessage[]> {
  const from = { afterSequence: 0, batchSize: 1_000, untilCaughtUp: true, deadlineMs: 10_000 };
  const feed = new StreamFeed({ nc, stream: `HUB-D2C-${partition}`, ...from });
  return (await Array.fromAsync(feed.batches())).flat().map(({ msg }) => decodeTelemetry(msg));
}

// spec/messaging 1.1, 1.3, 1.5, 2
test("a message is stored with its bytes, its properties and the hub's stamps, in its device's partition", async (t) => {
  const { nc, log } = await openLog(await startNats(t));
  const stamp = { ...stampOf("dev.1"), moduleId: "mod", modelId: "dtmi:com:example;1" };
  const sender = log.open(stamp);
  const properties = {
    system: { "message-id": "m 1", "content-type": "application/json; charset=utf-8", "dt-subject": "" },
    application: new Map([
      ["Level", "\u00fc\r\nx: y"],
      ["level", ""],
    ]),
  };
  const body = Buffer.from([0, 1, 13, 10, 255]);
  const before = Date.now();
  for (const message of [{ properties, body }, { properties, body: Buffer.alloc(0) }, text("other")]) {
    await new Promise<void>((resolve, reject) => sender.send(message, (error) => (error ? reject(error) : resolve())));
  }
  const [first, second, third, ...rest] = await stored(nc, partitionOf("dev.1", partitions));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.deepEqual(rest, []);
  const { enqueuedTime, ...message } = first;
  assert.deepEqual(message, { id: "connection-of-dev.1-1", stamp, properties, body });
  assert.ok(Date.parse(enqueuedTime) >= before && Date.parse(enqueuedTime) <= Date.now());
  assert.deepEqual([second.id, second.body.length, second.properties], ["connection-of-dev.1-2", 0, properties]);
  assert.deepEqual(third.properties, none);
});

test("the window says when it is full, and calls once when it has room", async (t) => {
  const nats = await startNats(t);
  const { nc, log } = await openLog(nats, { messages: 10, bytes: 1_000_000 });
  const sender = log.open(stampOf("dev"));
  const finished: number[] = [];
  const answers = Array.from({ length: 12 }, (_, n) => sender.send(text(n), () => void finished.push(n)));
  assert.deepEqual(answers, [...Array.from({ length: 9 }, () => true), false, false, false]);
  let calls = 0;
  let finishedThen = 0;
  log.whenReady(() => {
    calls += 1;
    finishedThen = finished.length;
  });
  assert.equal(calls, 0);
  await until(() => finished.length === 12);
  assert.equal(calls, 1);
  assert.equal(finishedThen, 7);
  assert.deepEqual(finished, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  log.whenReady(() => {
    calls += 1;
  });
  assert.equal(calls, 2);
  assert.equal((await stored(nc, partitionOf("dev", partitions))).length, 12);
});

test("the window counts bytes too", async (t) => {
  const { log } = await openLog(await startNats(t), { messages: 1_000, bytes: 10_000 });
  const sender = log.open(stampOf("dev"));
  assert.equal(
    sender.send(text("x".repeat(5_000)), () => {}),
    true,
  );
  const done = Promise.withResolvers<void>();
  assert.equal(
    sender.send(text("x".repeat(5_000)), () => done.resolve()),
    false,
  );
  await done.promise;
});

test("a sender that goes on regardless is refused in the end, in order", async (t) => {
  const { log } = await openLog(await startNats(t), { messages: 2, bytes: 1_000_000 });
  const sender = log.open(stampOf("dev"));
  const outcomes: string[] = [];
  for (let n = 0; n < 18; n += 1) sender.send(text(n), (error) => void outcomes.push(error?.reason ?? "stored"));
  await until(() => outcomes.length === 18);
  const expected = [...Array.from({ length: 16 }, () => "stored"), "ThrottlingException", "ThrottlingException"];
  assert.deepEqual(outcomes, expected);
});

test("properties that swell beyond what NATS takes are refused, and nothing else is lost", async (t) => {
  const { nc, log } = await openLog(await startNats(t));
  const sender = log.open(stampOf("dev"));
  const outcomes: string[] = [];
  const note = (error?: HubError) => void outcomes.push(error?.reason ?? "stored");
  const many = new Map(Array.from({ length: 80_000 }, (_, n) => [n.toString(36), ""]));
  sender.send(text("before"), note);
  sender.send({ properties: { system: {}, application: many }, body: Buffer.alloc(0) }, note);
  sender.send(text("after"), note);
  await until(() => outcomes.length === 3);
  assert.deepEqual(outcomes, ["stored", "MessageTooLarge", "stored"]);
  assert.equal((await stored(nc, partitionOf("dev", partitions))).length, 2);
});

test("each device's messages stay in order over killed servers, and none that was acknowledged is lost", async (t) => {
  const nats = await startNats(t);
  const { nc, log } = await openLog(nats, { messages: 500, bytes: 10_000_000 });
  const devices = ["a", "b", "c", "d", "e"].map((id) => ({
    id,
    sender: log.open(stampOf(id)),
    next: 0,
    done: [] as number[],
  }));
  const total = 20_000;
  let sent = 0;
  const send = (): void => {
    while (sent < total) {
      const device = devices[sent % devices.length];
      assert.ok(device !== undefined);
      const number = device.next;
      device.next += 1;
      sent += 1;
      const room = device.sender.send(text(number), (error) => {
        assert.equal(error, undefined);
        device.done.push(number);
      });
      if (!room) {
        log.whenReady(send);
        return;
      }
    }
  };
  send();
  const done = () => devices.reduce((sum, device) => sum + device.done.length, 0);
  for (const share of [0.2, 0.5, 0.8]) {
    await until(() => done() >= total * share);
    await nats.killAndRestart();
  }
  await until(() => done() === total);
  for (const device of devices) {
    const all = Array.from({ length: device.next }, (_, n) => n);
    assert.deepEqual(device.done, all);
    const messages = await stored(nc, partitionOf(device.id, partitions));
    const numbers = messages
      .filter(({ stamp }) => stamp.deviceId === device.id)
      .map(({ body }) => Number(Buffer.from(body).toString()));
    // At least once: what was sent again may be there twice, but nothing comes before its elders.
    assert.deepEqual([...new Set(numbers)], all);
  }
});

test("without an answer messages fail in time, and the hub goes on afterwards", async (t) => {
  const nats = await startNats(t);
  const { nc, log } = await openLog(nats, { messages: 4, bytes: 1_000_000 }, 300);
  const sender = log.open(stampOf("dev"));
  const pid = nats.pid();
  assert.ok(pid !== undefined);
  process.kill(pid, "SIGSTOP");
  // The signal takes effect when the system gets round to it.
  const answers = async () => (await Promise.race([nc.rtt(), setTimeout(200)])) !== undefined;
  while (await answers());
  const outcomes: string[] = [];
  const note = (error?: HubError) => void outcomes.push(error?.reason ?? "stored");
  for (let n = 0; n < 4; n += 1) sender.send(text(n), note);
  const ready = Promise.withResolvers<void>();
  log.whenReady(() => ready.resolve());
  await ready.promise;
  process.kill(pid, "SIGCONT");
  await until(() => outcomes.length === 4);
  assert.deepEqual(new Set(outcomes), new Set(["ServiceUnavailable"]));
  sender.send(text("after"), note);
  await until(() => outcomes.length === 5);
  assert.equal(outcomes.at(-1), "stored");
});

test("a listener that throws hurts nobody", async (t) => {
  const { log } = await openLog(await startNats(t));
  const sender = log.open(stampOf("dev"));
  const done = Promise.withResolvers<void>();
  sender.send(text(1), () => {
    throw new Error("a bug");
  });
  sender.send(text(2), () => done.resolve());
  await done.promise;
});

test("closing settles what is on its way, and what comes later", async (t) => {
  const nats = await startNats(t);
  const { log } = await openLog(nats);
  const sender = log.open(stampOf("dev"));
  const outcomes: (HubError | undefined)[] = [];
  sender.send(text(1), (error) => void outcomes.push(error));
  log[Symbol.dispose]();
  sender.send(text(2), (error) => void outcomes.push(error));
  assert.deepEqual(
    outcomes.map((error) => error?.reason),
    ["ServiceUnavailable", "ServiceUnavailable"],
  );
});

test("telemetry shows as it arrives, of one device and its modules or of all", async (t) => {
  const nats = await startNats(t);
  const { nc, log } = await openLog(nats);
  const stop = new AbortController();
  const mine: string[] = [];
  const every: string[] = [];
  const note =
    (seen: string[]) =>
    ({ stamp }: TelemetryMessage) =>
      void seen.push(stamp.moduleId ?? stamp.deviceId);
  const following = [
    followTelemetry({ nc, hub: "hub", deviceId: "a.b", signal: stop.signal, onMessage: note(mine) }),
    followTelemetry({ nc, hub: "hub", signal: stop.signal, onMessage: note(every) }),
  ];
  for (const stamp of [stampOf("a.b"), { ...stampOf("a.b"), moduleId: "mod" }, stampOf("a")]) {
    log.open(stamp).send(text(1), () => {});
  }
  await until(() => every.length === 3);
  stop.abort();
  await Promise.all(following);
  assert.deepEqual(mine, ["a.b", "mod"]);
  assert.deepEqual(new Set(every), new Set(["a.b", "mod", "a"]));
});
