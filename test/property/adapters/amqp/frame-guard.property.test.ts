import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import rhea, { type Connection, type ConnectionOptions, type Receiver, type Sender } from "rhea";
import { GuardedRhea, printedBy } from "../../../unit/adapters/amqp/guarded-rhea.ts";

const parameters = { numRuns: 150, interruptAfterTimeLimit: 10_000 } as const;

/** A client of rhea's whose bytes reach a guarded server in chunks of these sizes, over and over. */
class Client extends EventEmitter {
  readonly server: GuardedRhea;
  readonly connection: Connection;
  readonly written: Buffer[] = [];
  #toServer: Buffer[] = [];
  #toClient: Buffer[] = [];
  #sizes: readonly number[];
  #turn = 0;

  constructor(sizes: readonly number[], { sasl }: { readonly sasl: boolean }) {
    super();
    this.#sizes = sizes;
    this.server = new GuardedRhea((bytes) => void this.#toClient.push(bytes));
    const connect = (_port: number, _host: string, _options: object, connected: () => void) => {
      setImmediate(connected);
      return this;
    };
    const options = {
      reconnect: false,
      connection_details: () => ({ connect }),
      idle_time_out: 60_000,
      properties: { a: 1 },
    };
    const user = sasl ? { username: "anyone" } : {};
    this.connection = rhea
      .create_container({ id: "client" })
      .connect({ ...options, ...user } as unknown as ConnectionOptions);
    this.connection.on("disconnected", () => {});
  }

  write(bytes: Buffer): boolean {
    this.written.push(Buffer.from(bytes));
    this.#toServer.push(bytes);
    return true;
  }

  end(): void {}

  /** Carries bytes both ways until there are none for some turns. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 4; quiet += 1) {
      await new Promise(setImmediate);
      const [toServer, toClient] = [Buffer.concat(this.#toServer), Buffer.concat(this.#toClient)];
      this.#toServer = [];
      this.#toClient = [];
      for (const chunk of this.#split(toServer)) {
        this.server.receive(chunk);
        await Promise.resolve();
      }
      if (toClient.length > 0) this.emit("data", toClient);
      if (toServer.length + toClient.length > 0) quiet = -1;
    }
  }

  /** rhea ends its timers when its socket does. */
  [Symbol.dispose](): void {
    this.server.end();
    this.emit("end");
  }

  *#split(bytes: Buffer): Generator<Buffer> {
    for (let from = 0; from < bytes.length; ) {
      const size = this.#sizes[this.#turn % this.#sizes.length] ?? bytes.length;
      this.#turn += 1;
      // The guard may write into what it is given.
      yield Buffer.from(bytes.subarray(from, from + size));
      from += size;
    }
  }
}

const simple = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ min: -1e9, max: 1e9 }),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: -128, max: 127 }).map((value) => rhea.types.wrap_byte(value)),
  fc.float().map((value) => rhea.types.wrap_float(value)),
  fc.integer({ min: 0, max: 2 ** 31 }).map((value) => rhea.types.wrap_long(value)),
  fc
    .array(fc.string({ maxLength: 20 }), { maxLength: 5 })
    .map((texts) => rhea.types.wrap_array(texts, 0xb1, undefined)),
  fc.string().map((value) => rhea.types.wrap_described(value, "apache.org:selector-filter:string")),
  fc.string().map((value) => rhea.types.wrap_described(value, 0x468c_0000_0004)),
);
/** The guard refuses one key. */
const key = fc.string({ maxLength: 40 }).filter((text) => text !== "__proto__");
const values = fc.dictionary(key, simple, { maxKeys: 6, noNullPrototype: true });
const nested = fc.oneof(simple, values, fc.array(fc.oneof(simple, values), { maxLength: 4 }));
const bytes = fc.uint8Array({ maxLength: 400 }).map((body) => Buffer.from(body));
const body = fc.oneof(
  bytes.map((content) => rhea.message.data_section(content)),
  fc.integer({ min: 0, max: 250_000 }).map((size) => rhea.message.data_section(Buffer.alloc(size, "x"))),
  fc.array(bytes, { minLength: 2, maxLength: 4 }).map((contents) => rhea.message.data_sections(contents)),
  fc.array(fc.string(), { maxLength: 3 }).map((items) => rhea.message.sequence_section(items)),
  nested,
);
const id = fc.oneof(
  fc.string(),
  fc.nat(),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((uuid) => Buffer.from(uuid)),
);
const message = fc.record(
  {
    body,
    durable: fc.boolean(),
    priority: fc.integer({ min: 0, max: 255 }),
    ttl: fc.nat(),
    message_id: id,
    correlation_id: id,
    user_id: bytes,
    to: fc.string(),
    subject: fc.string(),
    reply_to: fc.string(),
    content_type: fc.constantFrom("application/json", "text/plain"),
    absolute_expiry_time: fc.nat(),
    group_sequence: fc.nat(),
    application_properties: values,
    message_annotations: values,
    delivery_annotations: values,
    footer: values,
  },
  { requiredKeys: ["body"] },
);

type Step =
  | { readonly kind: "send"; readonly message: object; readonly on: number }
  | { readonly kind: "sender" | "receiver" | "session"; readonly name: string; readonly on: number }
  | { readonly kind: "drain" | "detach" | "settle" | "end"; readonly on: number };

const on = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("send" as const), message, on }) },
  fc.record({
    kind: fc.constantFrom("sender" as const, "receiver" as const, "session" as const),
    name: fc.string(),
    on,
  }),
  fc.record({ kind: fc.constantFrom("drain" as const, "detach" as const, "settle" as const, "end" as const), on }),
);

/** Lets a client do the steps; returns the messages that it sent, as rhea decodes them. */
async function run(client: Client, steps: readonly Step[]): Promise<readonly object[]> {
  const sent: object[] = [];
  const sessions = [client.connection.create_session()];
  const links: (Sender | Receiver)[] = [];
  sessions[0]?.begin();
  links.push(client.connection.open_sender("first"));
  await client.settle();
  // A name is free again only once rhea has forgotten its last link, so none comes twice.
  let named = 0;
  const nameOf = (text: string): string => {
    named += 1;
    return `${named}${text}`;
  };
  for (const one of steps) {
    const session = sessions[one.on % sessions.length];
    const link = links[one.on % Math.max(1, links.length)];
    const senders = links.filter((candidate): candidate is Sender => candidate.is_sender());
    const sender = senders[one.on % Math.max(1, senders.length)];
    if (one.kind === "send" && sender !== undefined) {
      sender.send(one.message as Parameters<Sender["send"]>[0]);
      sent.push(rhea.message.decode(rhea.message.encode(one.message)));
    } else if (one.kind === "sender") {
      const fresh = {
        name: nameOf(one.name),
        target: { address: one.name, capabilities: ["a", "b"] },
        properties: { "a:b": one.name },
      };
      const opened = session?.open_sender(fresh);
      if (opened !== undefined) links.push(opened);
      await client.settle();
    } else if (one.kind === "receiver") {
      const filter = rhea.filter.selector(one.name);
      const opened = session?.open_receiver({
        name: nameOf(one.name),
        source: { address: one.name, filter },
        credit_window: 3,
      });
      if (opened !== undefined) links.push(opened);
    } else if (one.kind === "session" && sessions.length < 4) {
      const opened = client.connection.create_session();
      opened.begin();
      sessions.push(opened);
    } else if (one.kind === "drain" && link?.is_receiver() === true) (link as Receiver).drain_credit();
    else if (one.kind === "detach" && link !== undefined && links.length > 1) {
      await client.settle();
      link.close({ condition: "amqp:not-allowed", description: "no more" });
      links.splice(links.indexOf(link), 1);
      await client.settle();
    } else if (one.kind === "settle") await client.settle();
  }
  await client.settle();
  client.connection.close();
  await client.settle();
  return sent;
}

// AMQP 1.0 part 2, 2.3; spec/amqp 2, 3
test("Whatever rhea encodes passes unchanged, split anywhere, and its messages arrive", {
  timeout: 120_000,
}, async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 100_000 })), {
    minLength: 1,
  });
  const steps = fc.array(step, { maxLength: 15 });
  const printed = await printedBy(async () => {
    await fc.assert(
      fc.asyncProperty(steps, sizes, fc.boolean(), async (given, chunks, sasl) => {
        using client = new Client(chunks, { sasl });
        const sent = await run(client, given);
        const { heard, violation, passed } = client.server;
        assert.equal(violation, undefined);
        assert.deepEqual(heard.errors, []);
        assert.ok(
          Buffer.concat(passed).equals(Buffer.concat(client.written)),
          "the bytes that passed are those written",
        );
        assert.deepEqual(new Set(heard.messages.map(shown)), new Set(sent.map(shown)));
        assert.equal(heard.messages.length, sent.length);
      }),
      parameters,
    );
  });
  assert.deepEqual(printed, []);
});

const shown = (decoded: unknown): string => JSON.stringify(decoded);
