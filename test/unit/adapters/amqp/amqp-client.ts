import { type Duplex, duplexPair } from "node:stream";
import pino from "pino";
import rhea, {
  type Connection,
  type ConnectionOptions,
  type EventContext,
  type Message,
  type Receiver,
  type Sender,
  type Session,
} from "rhea";
import type { AmqpLimits } from "../../../../adapters/amqp/limits.ts";
import { LinkRefused } from "../../../../adapters/amqp/link-refused.ts";
import { type AmqpListener, createAmqpListener } from "../../../../adapters/amqp/listener.ts";
import { createRedirect } from "../../../../adapters/amqp/redirect.ts";
import { ScriptedHub } from "../../../support/scripted-hub.ts";
import { ManualClock } from "../mqtt/mqtt-client.ts";

/** What test clients wait for comes at once or never; this is how long "never" takes. */
export const timeout = 10_000;

/** A listener over a scripted hub, and the log lines it wrote. */
export type Bench = AsyncDisposable & {
  readonly hub: ScriptedHub;
  readonly clock: ManualClock;
  readonly listener: AmqpListener;
  readonly log: string[];
  /** A new client whose stream the listener holds; it opens its connection as told. */
  client(options?: Partial<ConnectionOptions>): AmqpClient;
  /** A client that has put a token for these devices. */
  proved(...deviceIds: readonly string[]): Promise<AmqpClient>;
  /** Moves the clock and lets the listener look at it. */
  pass(milliseconds: number): void;
};

export function startBench(limits: Partial<AmqpLimits> = {}): Bench {
  const hub = new ScriptedHub();
  const clock = new ManualClock();
  const log: string[] = [];
  const logger = pino({ level: "trace" }, { write: (line: string) => void log.push(line) });
  const listener = createAmqpListener({
    hub: hub.hub,
    log: logger,
    clock,
    limits,
    containerId: "hub",
    eventHubs: (_link, address) => {
      throw new LinkRefused("amqp:not-found", `The messaging entity '${address}' could not be found.`);
    },
    redirect: createRedirect({ entity: "hub", hostName: "hub.example", port: 5671 }),
  });
  const client = (options: Partial<ConnectionOptions> = {}) => {
    const [ours, theirs] = duplexPair();
    listener.accept(theirs, { protocol: "amqp", remoteAddress: "192.0.2.1" });
    return new AmqpClient(ours, options);
  };
  return {
    hub,
    clock,
    listener,
    log,
    client,
    async proved(...deviceIds) {
      const one = client();
      for (const deviceId of deviceIds) await one.putToken(`hub.example/devices/${deviceId}`);
      return one;
    },
    pass(milliseconds) {
      clock.advance(milliseconds);
      listener.sweep();
    },
    [Symbol.asyncDispose]: async () => await listener.close(),
  };
}

type AmqpError = { readonly condition?: string; readonly description?: string; readonly info?: unknown };
type Ended = { readonly link?: AmqpError; readonly connection?: AmqpError };

/** The other end of a connection: rhea as the SDKs use it. */
export class AmqpClient {
  readonly stream: Duplex;
  readonly connection: Connection;
  /** Resolves with the error that the hub closed the connection with, undefined without one, or when the stream ends. */
  readonly closed: Promise<AmqpError | undefined>;
  #cbs: { readonly sender: Sender; readonly receiver: Receiver } | undefined;

  constructor(stream: Duplex, options: Partial<ConnectionOptions>) {
    this.stream = stream;
    const connect = (_port: number, _host: string, _options: object, connected: () => void) => {
      setImmediate(connected);
      return stream;
    };
    const details = () => ({ connect, host: "hub.example", port: 5671, options: {} });
    const settings = { hostname: "hub.example", reconnect: false, connection_details: details, ...options };
    const container = rhea.create_container({ id: "client" });
    const { promise, resolve } = Promise.withResolvers<AmqpError | undefined>();
    this.closed = promise;
    container.on("error", () => {});
    for (const name of ["connection_error", "connection_close"]) {
      container.on(name, ({ connection, error }: EventContext) => resolve((error ?? connection.error) as AmqpError));
    }
    container.on("disconnected", ({ error }: EventContext) => resolve(error as AmqpError | undefined));
    for (const name of ["session_error", "session_close"]) container.on(name, () => {});
    this.connection = container.connect(settings as unknown as ConnectionOptions);
  }

  /** Puts a token; resolves to the hub's status code and its type, as sent. */
  async putToken(name: string, { token = "token", type = "servicebus.windows.net:sastoken" } = {}): Promise<Message> {
    this.#cbs ??= {
      sender: this.connection.open_sender({ target: { address: "$cbs" } }),
      receiver: this.connection.open_receiver({ source: { address: "$cbs" } }),
    };
    const { sender, receiver } = this.#cbs;
    if (!sender.sendable()) await once(sender, "sendable");
    const answer = once(receiver, "message");
    sender.send({
      message_id: "put-1",
      reply_to: "cbs",
      application_properties: { operation: "put-token", type, name },
      body: token,
    });
    const { message } = await answer;
    if (message === undefined) throw new Error("no message");
    return message;
  }

  /** Attaches a link to send over; resolves when it has credit, or to the error that it was refused with. */
  async attachSender(address: string, options: object = {}, on: Connection | Session = this.connection) {
    const sender = on.open_sender({ target: { address }, ...options });
    return await opened(sender, "sendable", "sender");
  }

  /** Attaches a link to receive over. */
  async attachReceiver(address: string, options: object = {}, on: Connection | Session = this.connection) {
    const receiver = on.open_receiver({ source: { address }, ...options });
    return await opened(receiver, "receiver_open", "receiver");
  }
}

/** Attaching is answered first and refused after, so a refusal is waited for a turn longer. */
async function opened<L extends Sender | Receiver>(link: L, sign: string, kind: "sender" | "receiver") {
  const refused = ended(link, kind).then(({ link: error }) => ({ error: error ?? {} }));
  const open = once(link, sign).then(async () => {
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    return { link };
  });
  const first = await Promise.race([refused, open]);
  if ("error" in first) return { link, error: first.error };
  return { link, error: link.error as AmqpError | undefined };
}

/** Resolves when the hub has detached a link. */
export async function ended(link: Sender | Receiver, kind: "sender" | "receiver"): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  link.on(`${kind}_error`, () => resolve({ link: link.error as AmqpError }));
  link.on(`${kind}_close`, () => resolve(link.error === undefined ? {} : { link: link.error as AmqpError }));
  return await promise;
}

/** Resolves with the next event of a link. */
export const once = async (link: Sender | Receiver, name: string): Promise<EventContext> =>
  await new Promise((resolve) => link.once(name, resolve));

/** Sends a message; resolves to how the hub settled it. */
export async function settle(sender: Sender, message: Message): Promise<{ outcome: string; error?: AmqpError }> {
  const { promise, resolve } = Promise.withResolvers<{ outcome: string; error?: AmqpError }>();
  const delivery = sender.send(message);
  for (const outcome of ["accepted", "rejected", "released", "modified"]) {
    sender.on(outcome, (context: EventContext) => {
      if (context.delivery !== delivery) return;
      const error = (delivery.remote_state as { readonly error?: AmqpError } | undefined)?.error;
      resolve({ outcome, ...(error === undefined ? {} : { error }) });
    });
  }
  return await promise;
}
