import { randomUUID } from "node:crypto";
import rhea, {
  type Connection,
  type ConnectionOptions,
  type Container,
  type Delivery,
  type EventContext,
  type Message,
  type Receiver,
  type Sender,
  type Session,
} from "rhea";
import type { TestHub } from "./hub.ts";
import type { Scope } from "./suite-scope.ts";

/** An error as the hub sends it in a detach, close or outcome. */
export type AmqpError = {
  readonly condition?: string;
  readonly description?: string;
  readonly info?: Readonly<Record<string, unknown>>;
};

/** What `$cbs` answered. */
export type PutAnswer = { readonly code: unknown; readonly description: unknown };

/** How the hub settled a message. */
export type Outcome = { readonly outcome: string; readonly error?: AmqpError };

const waitMs = 15_000;

/**
 * A client without an SDK: one AMQP connection over TLS, for any number of devices, as the Java and .NET SDKs use it.
 * What it waits for fails after 15 seconds.
 */
export class RawAmqpClient {
  readonly connection: Connection;
  /** Resolves to the error the connection was ended with, undefined when it ended without one. */
  readonly ended: Promise<AmqpError | undefined>;
  readonly #container: Container;
  readonly #puts = new Map<string, (answer: PutAnswer) => void>();
  readonly #sent = new Map<Delivery, (outcome: Outcome) => void>();
  #cbs: Promise<Sender> | undefined;

  /** Connects, and closes with the scope. Without `username` there is no SASL; without `password` it is ANONYMOUS. */
  constructor(scope: Scope, hub: TestHub, options: Partial<ConnectionOptions> = {}) {
    const container = rhea.create_container({ id: randomUUID() });
    this.#container = container;
    const { promise, resolve } = Promise.withResolvers<AmqpError | undefined>();
    this.ended = promise;
    // rhea throws or prints what nobody hears.
    for (const name of [
      "error",
      "protocol_error",
      "session_error",
      "session_close",
      "sender_error",
      "receiver_error",
    ]) {
      container.on(name, () => {});
    }
    for (const name of ["connection_error", "connection_close", "disconnected"]) {
      container.on(name, ({ connection, error }: EventContext) => resolve(toError(error ?? connection.error)));
    }
    const settings = {
      host: "localhost",
      port: hub.node.ports.amqps,
      hostname: "localhost",
      transport: "tls",
      ca: hub.ca,
      reconnect: false,
      ...options,
    };
    this.#hearOutcomes();
    this.connection = container.connect(settings as unknown as ConnectionOptions);
    scope.after(async () => {
      this.connection.close();
      await this.ended;
    });
  }

  /** Puts a token for an audience; any number may be under way at once. */
  async putToken(
    name: string,
    token: string,
    { type = "servicebus.windows.net:sastoken", operation = "put-token" } = {},
  ) {
    this.#cbs ??= this.#openCbs();
    const sender = await this.#cbs;
    const messageId = randomUUID();
    const answered = this.#within(`the answer to the token for ${name}`, (resolve: (answer: PutAnswer) => void) => {
      this.#puts.set(messageId, resolve);
    });
    sender.send({ message_id: messageId, application_properties: { operation, type, name }, body: token });
    return await answered;
  }

  /** Attaches a link to send over. Throws LinkEnded when the hub refuses it. */
  async openSender(address: string, options: object = {}, on: Connection | Session = this.connection): Promise<Sender> {
    const sender = on.open_sender({ target: { address }, ...options });
    await this.#opened(sender, "sender_open");
    return sender;
  }

  /** Attaches a link to receive over. Throws LinkEnded when the hub refuses it. */
  async openReceiver(
    address: string,
    options: object = {},
    on: Connection | Session = this.connection,
  ): Promise<Receiver> {
    const receiver = on.open_receiver({ source: { address }, ...options });
    await this.#opened(receiver, "receiver_open");
    return receiver;
  }

  /** Sends a message over a link once it has credit; resolves to how the hub settled it. */
  async send(sender: Sender, message: Message | Buffer, format?: number): Promise<Outcome> {
    await this.credit(sender);
    const delivery =
      format === undefined ? sender.send(message) : sender.send(message, randomUUID().slice(0, 8), format);
    return await this.#within("a settlement", (resolve: (outcome: Outcome) => void) => {
      this.#sent.set(delivery, resolve);
    });
  }

  /** Resolves when a link may send. */
  async credit(sender: Sender): Promise<void> {
    if (sender.sendable()) return;
    await this.#within("credit", (resolve) => sender.once("sendable", resolve));
  }

  /** Resolves to the error that the hub ends a link with. */
  async endOf(link: Sender | Receiver): Promise<AmqpError> {
    if (link.error === undefined) {
      const name = link.is_receiver() ? "receiver_close" : "sender_close";
      await this.#within("the end of a link", (resolve) => link.once(name, resolve));
    }
    return toError(link.error) ?? {};
  }

  /** Whether the link still stands once the hub has answered all that this client has sent so far. */
  async stands(link: Sender | Receiver): Promise<boolean> {
    await this.#answered();
    return link.is_remote_open() && !link.is_closed();
  }

  /** A refusal is an attach that is followed by a detach: what comes after that shows that there was none. */
  async #opened(link: Sender | Receiver, name: string): Promise<void> {
    await this.#within(name, (resolve) => link.once(name, resolve));
    await this.#answered();
    const error = toError(link.error);
    if (error !== undefined) throw new LinkEnded(error);
  }

  /** Resolves after an exchange that says nothing: the hub answers in order. */
  async #answered(): Promise<void> {
    const session = this.connection.create_session();
    session.on("session_error", () => {});
    await this.#within("a session", (resolve) => {
      session.once("session_open", resolve);
      session.begin();
    });
    session.close();
  }

  async #openCbs(): Promise<Sender> {
    const session = this.connection.create_session();
    session.begin();
    const [sender, receiver] = await Promise.all([
      this.openSender("$cbs", {}, session),
      this.openReceiver("$cbs", {}, session),
    ]);
    receiver.on("message", ({ message }: EventContext) => {
      const id = String(message?.correlation_id);
      const { "status-code": code, "status-description": description } = message?.application_properties ?? {};
      this.#puts.get(id)?.({ code, description });
      this.#puts.delete(id);
    });
    await this.credit(sender);
    return sender;
  }

  #hearOutcomes(): void {
    for (const outcome of ["accepted", "rejected", "released", "modified"]) {
      this.#container.on(outcome, ({ delivery }: EventContext) => {
        if (delivery === undefined) return;
        const error = toError((delivery.remote_state as { readonly error?: unknown } | undefined)?.error);
        this.#sent.get(delivery)?.(error === undefined ? { outcome } : { outcome, error });
        this.#sent.delete(delivery);
      });
    }
  }

  /** A promise that fails when its time is over, or when the connection ends first. */
  async #within<T>(what: string, start: (resolve: (value: T) => void) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(`waited ${waitMs} ms in vain for ${what}`)), waitMs);
    void this.ended.then((error) => reject(new LinkEnded(error ?? {})));
    start(resolve);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The hub refused a link. */
export class LinkEnded extends Error {
  readonly error: AmqpError;

  constructor(error: AmqpError) {
    super(`${error.condition}: ${error.description}`);
    this.error = error;
  }
}

function toError(error: unknown): AmqpError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { condition, description, info, message } = error as AmqpError & { readonly message?: string };
  const text = description ?? message;
  return {
    ...(condition === undefined ? {} : { condition: String(condition) }),
    ...(text === undefined ? {} : { description: text }),
    ...(info === undefined || info === null ? {} : { info }),
  };
}
