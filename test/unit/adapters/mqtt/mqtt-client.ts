import { type Duplex, duplexPair } from "node:stream";
import {
  generate,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscription,
  type Packet,
  parser,
} from "mqtt-packet";
import pino from "pino";
import type { MqttLimits } from "../../../../adapters/mqtt/limits.ts";
import { createMqttListener, type MqttListener } from "../../../../adapters/mqtt/listener.ts";
import type { Clock } from "../../../../core/ports.ts";
import { ScriptedHub } from "../../../support/scripted-hub.ts";

/** What test clients wait for comes at once or never; this is how long "never" takes. */
export const timeout = 10_000;

/** A clock that stands until a test moves it. */
export class ManualClock implements Clock {
  #now = Date.parse("2026-01-01T00:00:00Z");
  now(): number {
    return this.#now;
  }
  isoTime(milliseconds: number): string {
    return new Date(milliseconds).toISOString();
  }
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

/** A listener over a scripted hub, and the log lines it wrote. */
export type Bench = AsyncDisposable & {
  readonly hub: ScriptedHub;
  readonly clock: ManualClock;
  readonly listener: MqttListener;
  readonly log: string[];
  /** A new client whose stream the listener holds; it has sent nothing. */
  stranger(): TestClient;
  /** A client that has connected as `dev-1`, or as told. */
  open(connect?: Partial<IConnectPacket>): Promise<TestClient>;
  /** Moves the clock and lets the listener look at it. */
  pass(milliseconds: number): void;
};

export function startBench(limits: Partial<MqttLimits> = {}): Bench {
  const hub = new ScriptedHub();
  const clock = new ManualClock();
  const log: string[] = [];
  const logger = pino({ level: "trace" }, { write: (line: string) => void log.push(line) });
  const listener = createMqttListener({ hub: hub.hub, log: logger, clock, limits });
  const stranger = () => {
    const [ours, theirs] = duplexPair();
    listener.accept(theirs, { protocol: "mqtt", remoteAddress: "192.0.2.1" });
    return new TestClient(ours);
  };
  return {
    hub,
    clock,
    listener,
    log,
    stranger,
    async open(connect) {
      const client = stranger();
      client.send(connectPacket(connect));
      const connack = await client.next();
      if (connack.cmd !== "connack" || connack.returnCode !== 0) throw new Error("not let in");
      return client;
    },
    pass(milliseconds) {
      clock.advance(milliseconds);
      listener.sweep();
    },
    [Symbol.asyncDispose]: async () => await listener.close(),
  };
}

/** A CONNECT of device `dev-1` with a token, as the SDKs send it. */
export const connectPacket = (changes: Partial<IConnectPacket> = {}): IConnectPacket => ({
  cmd: "connect",
  protocolId: "MQTT",
  protocolVersion: 4,
  clean: false,
  keepalive: 180,
  clientId: "dev-1",
  username: "hub.example/dev-1/?api-version=2021-04-12",
  password: Buffer.from("SharedAccessSignature sr=x&sig=y&se=1"),
  ...changes,
});

/** The other end of a connection: it reads packets as a device would. */
export class TestClient {
  readonly stream: Duplex;
  /** Resolves when the listener has closed the stream, with what came and was not read by `next`. */
  readonly closed: Promise<readonly Packet[]>;
  readonly #packets: Packet[] = [];
  #waiting: ((packet: Packet) => void) | undefined;

  constructor(stream: Duplex) {
    this.stream = stream;
    const decoder = parser({ protocolVersion: 4 });
    decoder.on("packet", (packet) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#packets.push(packet);
      else waiting(packet);
    });
    stream.on("data", (chunk: Buffer) => decoder.parse(chunk));
    stream.on("error", () => {});
    this.closed = new Promise((resolve) => {
      const ended = () => resolve(this.#packets);
      stream.once("end", ended);
      stream.once("close", ended);
    });
  }

  send(...packets: readonly Packet[]): void {
    this.sendBytes(Buffer.concat(packets.map((packet) => generate(packet))));
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.stream.writable) this.stream.write(bytes);
  }

  /** The next packet from the hub; rejects when the connection closes first. */
  async next(): Promise<Packet> {
    const packet = this.#packets.shift();
    if (packet !== undefined) return packet;
    const closed = this.closed.then(() => {
      throw new Error("closed");
    });
    return await Promise.race([new Promise<Packet>((resolve) => (this.#waiting = resolve)), closed]);
  }

  /** What the hub has sent before it answers a ping: all that was due by now. */
  async untilPing(): Promise<readonly Packet[]> {
    this.send({ cmd: "pingreq" });
    const before: Packet[] = [];
    for (;;) {
      const packet = await this.next();
      if (packet.cmd === "pingresp") return before;
      before.push(packet);
    }
  }

  async subscribe(...filters: readonly (string | ISubscription)[]): Promise<Packet> {
    const subscriptions = filters.map((filter) =>
      typeof filter === "string" ? { topic: filter, qos: 0 as const } : filter,
    );
    this.send({ cmd: "subscribe", messageId: 1, subscriptions });
    return await this.next();
  }
}

export const telemetryTopic = "devices/dev-1/messages/events/";

/** A PUBLISH; QoS 1 when it has a packet id. */
export const publishPacket = (
  topic: string,
  payload: string | Buffer = "",
  { messageId, ...flags }: { messageId?: number; retain?: boolean; dup?: boolean } = {},
): IPublishPacket => ({
  cmd: "publish",
  topic,
  payload,
  qos: messageId === undefined ? 0 : 1,
  dup: false,
  retain: false,
  ...flags,
  ...(messageId === undefined ? {} : { messageId }),
});

/** The topic and text of a PUBLISH. */
export function published(packet: Packet): { readonly topic: string; readonly text: string } {
  if (packet.cmd !== "publish") throw new Error(`${packet.cmd} is not a publish`);
  return { topic: packet.topic, text: packet.payload.toString() };
}
