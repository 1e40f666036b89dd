import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import rhea, {
  type Connection,
  type ConnectionOptions,
  type EventContext,
  type Message,
  type Receiver,
  type Sender,
} from "rhea";
import { FrameGuard, FrameViolation } from "../../../../adapters/amqp/frame-guard.ts";
import { defaultLimits } from "../../../../adapters/amqp/limits.ts";

/** A socket of rhea's: what comes in is emitted, what goes out is told. */
class FakeSocket extends EventEmitter {
  readonly #onWrite: (bytes: Buffer) => void;
  ended = false;

  constructor(onWrite: (bytes: Buffer) => void) {
    super();
    this.#onWrite = onWrite;
  }

  write(bytes: Buffer): boolean {
    this.#onWrite(bytes);
    return true;
  }

  end(): void {
    this.ended = true;
  }
}

/** What the server's rhea has told. */
export type Heard = {
  readonly messages: (Message | Buffer | undefined)[];
  /** What rhea, or a handler, threw. */
  readonly errors: unknown[];
};

/** A server's connection of rhea's behind a guard, as the hub has it. */
export class GuardedRhea {
  readonly heard: Heard = { messages: [], errors: [] };
  readonly #guard = new FrameGuard(defaultLimits);
  readonly #socket: FakeSocket;
  violation: FrameViolation | undefined;
  /** The bytes that passed. */
  readonly passed: Buffer[] = [];

  constructor(onWrite: (bytes: Buffer) => void = () => {}) {
    this.#socket = new FakeSocket((bytes) => {
      this.#guard.sent(bytes);
      onWrite(bytes);
    });
    const container = rhea.create_container({ id: "hub" });
    container.sasl_server_mechanisms.enable_anonymous();
    const options = {
      reconnect: false,
      max_frame_size: 65_536,
      receiver_options: { autoaccept: false, credit_window: 0 },
    };
    const connection = container.create_connection(options as unknown as ConnectionOptions);
    this.#listen(connection);
    (connection as Connection & { accept(socket: Socket): void }).accept(this.#socket as unknown as Socket);
  }

  /** Takes bytes of the peer's. Throws nothing but what should not be thrown. */
  receive(chunk: Buffer): void {
    if (this.violation !== undefined || this.#socket.ended) return;
    try {
      for (const piece of this.#guard.push(chunk)) {
        this.passed.push(piece);
        this.#socket.emit("data", piece);
      }
    } catch (error) {
      if (!(error instanceof FrameViolation)) throw error;
      this.violation = error;
    }
  }

  /** The peer is gone. */
  end(): void {
    this.#socket.emit("end");
  }

  #listen(connection: Connection): void {
    const { errors, messages } = this.heard;
    for (const name of ["error", "protocol_error"]) connection.on(name, (error: unknown) => void errors.push(error));
    const names = ["connection_open", "connection_close", "connection_error", "disconnected", "settled", "accepted"];
    for (const name of [...names, "session_open", "session_close", "session_error"]) connection.on(name, look);
    for (const name of ["receiver_close", "receiver_error", "sender_close", "sender_error", "rejected"]) {
      connection.on(name, look);
    }
    connection.on("receiver_open", (context: EventContext) => {
      look(context);
      context.receiver?.add_credit(50);
    });
    connection.on("sender_open", look);
    let greetings = 20;
    connection.on("sendable", ({ sender }: EventContext) => {
      if (sender === undefined || greetings === 0) return;
      greetings -= 1;
      sender.send({ body: "hello" });
    });
    connection.on("message", ({ message, delivery, receiver }: EventContext) => {
      messages.push(message);
      delivery?.accept();
      receiver?.add_credit(1);
    });
  }
}

/** Reads all that rhea decodes only when it is asked for. */
function look({ connection, session, receiver, sender }: EventContext): void {
  const link: Receiver | Sender | undefined = receiver ?? sender;
  const remotes = [connection, session, link].map((one) => (one as Remote | undefined)?.remote);
  JSON.stringify(remotes.map((remote) => [remote?.open, remote?.attach, remote?.detach, remote?.end, remote?.close]));
}
type Remote = { readonly remote?: Record<"open" | "attach" | "detach" | "end" | "close", unknown> };

/** Runs `body` and returns what was written to the console meanwhile, which nobody gets to see. */
export async function printedBy(body: () => Promise<void>): Promise<readonly string[]> {
  const printed: string[] = [];
  const names = ["log", "info", "warn", "error", "trace"] as const;
  const originals = names.map((name) => [name, console[name]] as const);
  for (const name of names) console[name] = (...values: unknown[]) => void printed.push(`${name}: ${values.join(" ")}`);
  try {
    await body();
  } finally {
    for (const [name, original] of originals) console[name] = original;
  }
  return printed;
}
