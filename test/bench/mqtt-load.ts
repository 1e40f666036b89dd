import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { LatencyHistogram } from "./latency-histogram.ts";
import { connectPacket, publishPacket } from "./mqtt-packets.ts";

/**
 * An MQTT 3.1.1 load generator in a process of its own: `node mqtt-load.ts <plan.json>` opens the plan's connections,
 * publishes with QoS 1 and prints one JSON line. Packets are built beforehand, so that it costs little beside the server
 * that it measures.
 */
export type LoadPlan = {
  readonly port: number;
  readonly messages: number;
  /** Publishes that a connection keeps unacknowledged. */
  readonly window: number;
  readonly bodyBytes: number;
  readonly clients: readonly {
    readonly clientId: string;
    readonly username?: string;
    readonly password?: string;
    readonly topic: string;
  }[];
};

/** What a run measured; latencies are from a publish to its PUBACK, in milliseconds. */
export type LoadResult = {
  readonly connectSeconds: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
};

/** One connection: a ring of prebuilt packets, of which `window` at most are unacknowledged. */
class Publisher {
  readonly #socket: Socket;
  readonly #packets: Buffer;
  readonly #packetBytes: number;
  readonly #window: number;
  readonly #sentAt: Float64Array;
  readonly #latencies: LatencyHistogram;
  #nextToSend = 0;
  #nextToAcknowledge = 0;
  #quota: number;
  #ackBytes = 0;
  readonly done = Promise.withResolvers<void>();

  constructor(socket: Socket, plan: LoadPlan, topic: string, quota: number, latencies: LatencyHistogram) {
    const packets = Array.from({ length: plan.window }, (_, slot) => publishPacket(topic, slot + 1, plan.bodyBytes));
    this.#socket = socket;
    this.#packets = Buffer.concat(packets);
    this.#packetBytes = this.#packets.length / plan.window;
    this.#window = plan.window;
    this.#sentAt = new Float64Array(plan.window);
    this.#latencies = latencies;
    this.#quota = quota;
    socket.on("data", (data) => this.#acknowledged(data.length));
    socket.on("close", () => this.done.reject(new Error("the server closed a connection")));
    if (quota === 0) this.done.resolve();
  }

  start(): void {
    this.#send(Math.min(this.#window, this.#quota));
  }

  /** PUBACKs are four bytes each and come in the order of the publishes, so their number says which they are. */
  #acknowledged(bytes: number): void {
    this.#ackBytes += bytes;
    const count = Math.floor(this.#ackBytes / 4);
    this.#ackBytes -= count * 4;
    const now = performance.now();
    for (let index = 0; index < count; index += 1) {
      this.#latencies.record(now - (this.#sentAt[this.#nextToAcknowledge % this.#window] ?? now));
      this.#nextToAcknowledge += 1;
    }
    if (this.#nextToAcknowledge === this.#quota) this.done.resolve();
    else this.#send(Math.min(count, this.#quota - this.#nextToSend));
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

async function openAll(plan: LoadPlan): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  const atOnce = 64;
  for (let first = 0; first < plan.clients.length; first += atOnce) {
    const slice = plan.clients.slice(first, first + atOnce);
    sockets.push(...(await Promise.all(slice.map((client) => open(plan.port, client)))));
  }
  return sockets;
}

function open(port: number, client: LoadPlan["clients"][number]): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.once("error", reject);
  socket.once("connect", () => socket.write(connectPacket(client)));
  socket.once("data", (connack) => {
    if (connack.length !== 4 || connack[3] !== 0) reject(new Error(`CONNECT was answered ${connack.toString("hex")}`));
    else resolve(socket);
  });
  return promise;
}

async function run(plan: LoadPlan): Promise<LoadResult> {
  const opening = performance.now();
  const sockets = await openAll(plan);
  const latencies = new LatencyHistogram();
  const share = Math.floor(plan.messages / sockets.length);
  const publishers = sockets.map((socket, index) => {
    const quota = share + (index < plan.messages % sockets.length ? 1 : 0);
    return new Publisher(socket, plan, plan.clients[index]?.topic ?? "", quota, latencies);
  });
  const started = performance.now();
  for (const publisher of publishers) publisher.start();
  await Promise.all(publishers.map(({ done }) => done.promise));
  const seconds = (performance.now() - started) / 1000;
  for (const socket of sockets) socket.destroy();
  const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((quantile) => latencies.quantile(quantile));
  return {
    connectSeconds: (started - opening) / 1000,
    seconds,
    messagesPerSecond: plan.messages / seconds,
    p50: p50 ?? 0,
    p90: p90 ?? 0,
    p99: p99 ?? 0,
    max: max ?? 0,
  };
}

if (import.meta.main) {
  const plan = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as LoadPlan;
  console.log(JSON.stringify(await run(plan)));
  process.exit(0);
}
