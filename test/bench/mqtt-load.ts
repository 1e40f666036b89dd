import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { LatencyHistogram } from "./latency-histogram.ts";
import { generateLoad, type LoadConnection, type LoadPlan } from "./load.ts";
import { connectPacket, publishPacket } from "./mqtt-packets.ts";

/**
 * An MQTT 3.1.1 load generator: publishes with QoS 1. Packets are built beforehand, so that it costs little beside the
 * server that it measures.
 */
export type MqttPlan = LoadPlan & {
  /** Certificate of the CA that signed the server's, for MQTT over TLS. */
  readonly ca?: string;
  /** Publishes that a connection keeps unacknowledged. */
  readonly window: number;
  /** How long a connection waits before it sends again; not at all, if not set. */
  readonly pauseMs?: number;
  readonly clients: readonly MqttClient[];
};

/** One connection of the plan. */
export type MqttClient = {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly topic: string;
};

/** One connection: a ring of prebuilt packets, of which `window` at most are unacknowledged. */
class Publisher implements LoadConnection {
  readonly #socket: Socket;
  readonly #packets: Buffer;
  readonly #packetBytes: number;
  readonly #window: number;
  readonly #pauseMs: number | undefined;
  readonly #sentAt: Float64Array;
  readonly #done = Promise.withResolvers<void>();
  #latencies: LatencyHistogram | undefined;
  #quota = 0;
  #nextToSend = 0;
  #nextToAcknowledge = 0;
  #ackBytes = 0;

  constructor(socket: Socket, { window, bodyBytes, pauseMs }: MqttPlan, topic: string) {
    const packets = Array.from({ length: window }, (_, slot) => publishPacket(topic, slot + 1, bodyBytes));
    this.#socket = socket;
    this.#packets = Buffer.concat(packets);
    this.#packetBytes = this.#packets.length / window;
    this.#window = window;
    this.#pauseMs = pauseMs;
    this.#sentAt = new Float64Array(window);
    socket.on("data", (data) => this.#acknowledged(data.length));
    socket.on("close", () => this.#done.reject(new Error("the server closed a connection")));
  }

  async run(messages: number, latencies: LatencyHistogram): Promise<void> {
    this.#latencies = latencies;
    this.#quota = messages;
    this.#send(Math.min(this.#window, messages));
    if (messages > 0) await this.#done.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** PUBACKs are four bytes each and come in the order of the publishes, so their number says which they are. */
  #acknowledged(bytes: number): void {
    this.#ackBytes += bytes;
    const count = Math.floor(this.#ackBytes / 4);
    this.#ackBytes -= count * 4;
    const now = performance.now();
    for (let index = 0; index < count; index += 1) {
      this.#latencies?.record(now - (this.#sentAt[this.#nextToAcknowledge % this.#window] ?? now));
      this.#nextToAcknowledge += 1;
    }
    const next = Math.min(count, this.#quota - this.#nextToSend);
    if (this.#nextToAcknowledge === this.#quota) this.#done.resolve();
    else if (this.#pauseMs === undefined) this.#send(next);
    else setTimeout(() => this.#send(next), this.#pauseMs);
  }

  #send(count: number): void {
    const now = performance.now();
    let left = count;
    while (left > 0) {
      const slot = this.#nextToSend % this.#window;
      const run = Math.min(left, this.#window - slot);
      this.#sentAt.fill(now, slot, slot + run);
      this.#socket.write(this.#packets.subarray(slot * this.#packetBytes, (slot + run) * this.#packetBytes));
      this.#nextToSend += run;
      left -= run;
    }
  }
}

async function open(plan: MqttPlan, client: MqttClient): Promise<LoadConnection> {
  const { port, ca } = plan;
  const socket =
    ca === undefined
      ? connect({ port, host: "127.0.0.1", noDelay: true })
      : connectTls({ port, host: "127.0.0.1", servername: "localhost", ca }).setNoDelay();
  await once(socket, ca === undefined ? "connect" : "secureConnect");
  socket.write(connectPacket(client));
  const [connack] = (await once(socket, "data")) as [Buffer];
  if (connack.length !== 4 || connack[3] !== 0) throw new Error(`CONNECT was answered ${connack.toString("hex")}`);
  return new Publisher(socket, plan, client.topic);
}

if (import.meta.main) await generateLoad((plan: MqttPlan) => plan.clients, open);
