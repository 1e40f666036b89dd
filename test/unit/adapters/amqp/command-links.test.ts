import assert from "node:assert/strict";
import { test } from "node:test";
import rhea, { type Delivery, type EventContext, type Message, type Receiver } from "rhea";
import { guidBytes } from "../../../../adapters/amqp/unsettled-deliveries.ts";
import { HubError } from "../../../../core/hub-error.ts";
import { lockTokenOf, receivedCommand } from "../../../support/commands.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type AmqpClient, type Bench, once, startBench, timeout } from "./amqp-client.ts";

const address = "/devices/dev-1/messages/devicebound";
/** As the Node SDK attaches: credit by itself, outcomes by the application. */
const manual = { autoaccept: false };

type Received = { readonly message: Message; readonly delivery: Delivery };

/** A client's link and what has come over it. */
class Inbox {
  readonly link: Receiver;
  readonly #received: Received[] = [];

  constructor(client: AmqpClient, options: object = {}) {
    this.link = client.connection.open_receiver({ source: { address }, ...manual, ...options });
    this.link.on("message", ({ message, delivery }: EventContext) => {
      if (message !== undefined && delivery !== undefined) this.#received.push({ message, delivery });
    });
  }

  get length(): number {
    return this.#received.length;
  }

  async next(): Promise<Received> {
    return await waitFor("a message", () => this.#received.shift());
  }
}

const settledIn = ({ hub }: Bench) => hub.settled.map(({ lockToken, settlement }) => [lockToken, settlement]);
const textOf = ({ body }: Message): string => String((body as { readonly content: Buffer }).content);

// spec/amqp 6
test("a message has its properties and annotations, and a tag that .NET takes for its lock token", {
  timeout,
}, async () => {
  await using bench = startBench();
  bench.hub.commands.push(
    receivedCommand(7, {
      correlationId: "c",
      userId: "u",
      ack: "full",
      contentType: "text/plain",
      contentEncoding: "utf-8",
      properties: { a: "ü" },
      deliveryCount: 2,
    }),
  );
  const { message, delivery } = await new Inbox(await bench.proved("dev-1")).next();
  assert.equal(delivery.tag.toString("hex" as never), "33221100554477468899000000000007");
  assert.equal(message.message_id, "m7");
  assert.equal(message.correlation_id, "c");
  assert.equal(String(message.user_id), "u");
  assert.equal(message.to, address);
  assert.equal(message.content_type, "text/plain");
  assert.equal(message.content_encoding, "utf-8");
  assert.equal(Number(message.absolute_expiry_time), Date.parse("2026-01-02T03:04:05.678Z"));
  assert.deepEqual({ ...message.application_properties }, { a: "ü", "iothub-ack": "full" });
  const annotations = message.message_annotations ?? {};
  assert.equal(annotations["x-opt-sequence-number"], 7);
  assert.equal(annotations["x-opt-lock-token"], lockTokenOf(7));
  assert.equal(Number(annotations["iothub-enqueuedtime"]), Date.parse("2026-01-01T00:00:00.000Z"));
  assert.equal(annotations["iothub-deliverycount"], 2);
  assert.equal(textOf(message), "body 7");
});

test("a uuid has the bytes that .NET gives a Guid", () => {
  const bytes = guidBytes("00112233-4455-6677-8899-aabbccddeeff");
  assert.equal(bytes.toString("hex"), "33221100554477668899aabbccddeeff");
});

// spec/amqp 6
test("each outcome settles the message, whatever links it went over", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.commands.push(...[1, 2, 3, 4].map((number) => receivedCommand(number)));
  const inbox = new Inbox(await bench.proved("dev-1"));
  const settle = [
    (delivery: Delivery) => delivery.accept(),
    (delivery: Delivery) => delivery.reject(),
    (delivery: Delivery) => delivery.release(),
    (delivery: Delivery) => delivery.modified({ delivery_failed: true }),
  ];
  for (const [index, one] of settle.entries()) {
    one((await inbox.next()).delivery);
    // The next one only once this is there: neighbours that are settled in one tick become one outcome in rhea.
    await waitFor("the outcome", () => bench.hub.settled.length === index + 1);
  }
  assert.deepEqual(settledIn(bench), [
    [lockTokenOf(1), "complete"],
    [lockTokenOf(2), "reject"],
    [lockTokenOf(3), "abandon"],
    [lockTokenOf(4), "abandon"],
  ]);
  const { actor } = bench.hub.settled[0] ?? {};
  assert.deepEqual(actor, { kind: "device", deviceId: "dev-1" });
});

// spec/amqp 6: the .NET link is in second mode
test("a client that waits for the hub to settle gets its outcome back once that is recorded", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.commands.push(receivedCommand(1), receivedCommand(2));
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onSettle = ({ settlement }) => {
    if (settlement === "complete") return promise;
    throw new HubError("DeviceMessageLockLost", "too late");
  };
  const inbox = new Inbox(await bench.proved("dev-1"), { rcv_settle_mode: 1, autosettle: false });
  const answers: Delivery[] = [];
  inbox.link.on("settled", ({ delivery }: EventContext) => delivery && answers.push(delivery));
  const [first, second] = [await inbox.next(), await inbox.next()];
  first.delivery.update(false, outcome("accepted"));
  await waitFor("the completion", () => bench.hub.settled.length === 1);
  assert.equal(answers.length, 0);
  resolve();
  await waitFor("the answer", () => answers.length === 1);
  assert.equal(nameOf(answers[0]?.remote_state), "accepted");
  second.delivery.update(false, outcome("rejected"));
  await waitFor("the refusal", () => answers.length === 2);
  const state = answers[1]?.remote_state as { error?: { condition?: string } } | undefined;
  assert.deepEqual([nameOf(state), state?.error?.condition], ["rejected", "com.microsoft:message-lock-lost"]);
});

const outcome = (name: string): unknown =>
  (rhea.message as unknown as Record<string, () => { described(): unknown }>)[name]?.().described();
const nameOf = (state: unknown): unknown =>
  (state as { constructor?: { composite_type?: unknown } } | undefined)?.constructor?.composite_type;

test("messages go out as far as the client has given credit, and others' links are not held up", {
  timeout,
}, async () => {
  await using bench = startBench();
  bench.hub.commands.push(...[1, 2, 3].map((number) => receivedCommand(number)));
  const client = await bench.proved("dev-1");
  const inbox = new Inbox(client, { credit_window: 0 });
  await once(inbox.link, "receiver_open");
  assert.equal(bench.hub.received.length, 0);
  inbox.link.add_credit(2);
  await inbox.next();
  await inbox.next();
  const { link } = await client.attachReceiver("/devices/dev-1/twin");
  assert.ok(link.is_open());
  assert.equal(bench.hub.commands.length, 1);
  inbox.link.add_credit(1);
  assert.equal((await inbox.next()).message.message_id, "m3");
});

test("a message that comes later is pushed when the hub says so", { timeout }, async () => {
  await using bench = startBench();
  const inbox = new Inbox(await bench.proved("dev-1"));
  await waitFor("the empty queue", () => bench.hub.received.length === 1);
  bench.hub.commands.push(receivedCommand(1));
  bench.hub.session.commandReady();
  assert.equal((await inbox.next()).message.message_id, "m1");
});

// spec/amqp 6
test("a message that is kept for over a minute is taken back, and comes again", { timeout }, async () => {
  await using bench = startBench();
  const inbox = new Inbox(await bench.proved("dev-1"));
  await waitFor("the empty queue", () => bench.hub.received.length === 1);
  bench.hub.commands.push(receivedCommand(1));
  bench.hub.nextUnlock = new Date(bench.clock.now() + 60_000).toISOString();
  bench.hub.session.commandReady();
  const first = await inbox.next();
  await waitFor("the queue that is empty again", () => bench.hub.received.length === 3);
  bench.hub.commands.push(receivedCommand(1, { redelivered: true, lockToken: lockTokenOf(99) }));
  bench.pass(60_000);
  await waitFor("its return", () => first.delivery.remote_settled);
  const again = await inbox.next();
  first.delivery.accept();
  again.delivery.accept();
  await waitFor("the completion", () => bench.hub.settled.length === 1);
  assert.deepEqual(settledIn(bench), [[lockTokenOf(99), "complete"]]);
});

test("a device that settles nothing has 50 messages at most", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.commands.push(...Array.from({ length: 60 }, (_, index) => receivedCommand(index + 1)));
  const inbox = new Inbox(await bench.proved("dev-1"));
  await waitFor("the messages", () => inbox.length === 50);
  assert.equal(bench.hub.commands.length, 10);
  (await inbox.next()).delivery.accept();
  await waitFor("one more", () => bench.hub.commands.length === 9);
});

// spec/messaging 6.1: modules have no queue
test("a module's link gets no messages", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.commands.push(receivedCommand(1));
  const client = bench.client();
  await client.putToken("hub.example/devices/dev-1/modules/m");
  const { error } = await client.attachReceiver("/devices/dev-1/modules/m/messages/devicebound");
  assert.equal(error, undefined);
  assert.equal(bench.hub.received.length, 0);
});
