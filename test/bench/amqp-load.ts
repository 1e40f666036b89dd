import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import rhea from "rhea";
import { performative } from "../../adapters/amqp/performatives.ts";
import {
  type AmqpDevice,
  attachTelemetry,
  deliveryIdAt,
  greeting,
  putToken,
  tagAt,
  telemetryChannel,
  telemetryFrame,
} from "./amqp-device-frames.ts";
import { acceptedCode, type IncomingFrame, IncomingFrames } from "./amqp-frames.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";
import { generateLoad, type LoadConnection, type LoadPlan } from "./load.ts";

/**
 * A load generator of AMQP over TLS that logs in as the SDKs do (no SASL, tokens to `$cbs`), with any number of devices on
 * a connection. It sends frames that are built beforehand and counts a message when its disposition says accepted.
 */
export type AmqpPlan = LoadPlan & {
  readonly ca: string;
  /** Messages that a connection keeps unsettled. */
  readonly window: number;
  /** Connections, each with its devices, whose ids have one length, so that all frames have. */
  readonly connections: readonly (readonly AmqpDevice[])[];
};

/** A connection that is logged in and whose links have credit. */
class Publisher implements LoadConnection {
  readonly #socket: TLSSocket;
  readonly #window: number;
  /** A frame for each message that may be unsettled; the devices take turns. */
  readonly #frames: Buffer;
  readonly #frameBytes: number;
  readonly #devices: number;
  readonly #sentAt: Float64Array;
  readonly #unsettled: Uint8Array;
  /** The link of each handle of the hub's. */
  readonly #links = new Map<number, number>();
  /** How many messages each link may have sent in all, and how many the session. */
  readonly #limits: Float64Array;
  #sessionLimit = 0;
  #latencies: LatencyHistogram | undefined;
  #quota = 0;
  #sent = 0;
  #settled = 0;
  readonly #ready = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();

  constructor(socket: TLSSocket, devices: readonly AmqpDevice[], { window, bodyBytes }: AmqpPlan) {
    // The devices take turns, and so a ring of frames holds the same number of each.
    this.#window = Math.ceil(window / devices.length) * devices.length;
    this.#socket = socket;
    this.#devices = devices.length;
    this.#limits = new Float64Array(devices.length);
    this.#sentAt = new Float64Array(this.#window);
    this.#unsettled = new Uint8Array(this.#window);
    const frames = devices.map((device, handle) => telemetryFrame(device, handle, bodyBytes));
    this.#frames = Buffer.concat(Array.from({ length: this.#window / devices.length }, () => frames).flat());
    this.#frameBytes = this.#frames.length / this.#window;
    socket.on("close", () => this.#done.reject(new Error("the hub closed a connection")));
  }

  /** Attaches a link for each device; resolves when all of them have credit. */
  async attach(devices: readonly AmqpDevice[]): Promise<void> {
    this.#socket.write(attachTelemetry(devices));
    await Promise.race([this.#ready.promise, this.#done.promise]);
  }

  async run(messages: number, latencies: LatencyHistogram): Promise<void> {
    this.#latencies = latencies;
    this.#quota = messages;
    this.#send();
    if (messages > 0) await this.#done.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Takes a frame of the telemetry session. */
  take(incoming: IncomingFrame): void {
    const { code } = incoming;
    if (code === performative.disposition) this.#dispositions(incoming);
    else if (code === performative.flow) this.#credit(incoming);
    else if (code === performative.attach) this.#links.set(incoming.uint(1, 0), Number(incoming.text(0)));
    else if (code !== performative.begin) this.#done.reject(new Error(`the hub answered ${incoming.shown()}`));
  }

  /** To be called when all that had come in was taken. */
  taken(): void {
    if (this.#settled === this.#quota && this.#quota > 0) this.#done.resolve();
    else this.#send();
  }

  /** A flow counts the credit of its link from the messages that the link had sent (part 2, section 2.6.7). */
  #credit(flow: IncomingFrame): void {
    this.#sessionLimit = flow.uint(0, 0) + flow.uint(1, 0);
    const link = this.#links.get(flow.uint(4, -1));
    if (link === undefined) return;
    this.#limits[link] = flow.uint(5, 0) + flow.uint(6, 0);
    if (this.#sent === 0 && this.#limits.every((limit) => limit > 0)) this.#ready.resolve();
  }

  #dispositions(disposition: IncomingFrame): void {
    if (disposition.descriptor(4) !== acceptedCode) {
      this.#done.reject(new Error(`a message was answered ${disposition.shown()}`));
      return;
    }
    const first = disposition.uint(1, 0);
    const last = disposition.uint(2, first);
    const now = performance.now();
    for (let deliveryId = first; deliveryId <= last; deliveryId += 1) {
      const slot = deliveryId % this.#window;
      this.#unsettled[slot] = 0;
      this.#latencies?.record(now - (this.#sentAt[slot] ?? now));
    }
    this.#settled += last - first + 1;
  }

  /** Sends what credit and free slots allow, in runs of frames that follow each other in memory. */
  #send(): void {
    const now = performance.now();
    let slot = this.#sent % this.#window;
    let runStart = slot;
    while (this.#maySend(slot)) {
      const at = slot * this.#frameBytes;
      this.#frames.writeUInt32BE(this.#sent, at + deliveryIdAt);
      this.#frames.writeUInt32BE(this.#sent, at + tagAt);
      this.#unsettled[slot] = 1;
      this.#sentAt[slot] = now;
      this.#sent += 1;
      slot += 1;
      if (slot < this.#window) continue;
      this.#write(runStart, slot);
      slot = 0;
      runStart = 0;
    }
    this.#write(runStart, slot);
  }

  #maySend(slot: number): boolean {
    if (this.#sent === this.#quota || this.#unsettled[slot] === 1 || this.#sent >= this.#sessionLimit) return false;
    const sentOfLink = Math.floor(this.#sent / this.#devices);
    return sentOfLink < (this.#limits[this.#sent % this.#devices] ?? 0);
  }

  #write(from: number, to: number): void {
    if (from < to) this.#socket.write(this.#frames.subarray(from * this.#frameBytes, to * this.#frameBytes));
  }
}

async function open(plan: AmqpPlan, devices: readonly AmqpDevice[]): Promise<LoadConnection> {
  const socket = connect({ port: plan.port, host: "127.0.0.1", servername: "localhost", ca: plan.ca });
  await once(socket, "secureConnect");
  socket.setNoDelay();
  const incoming = new IncomingFrames();
  const publisher = new Publisher(socket, devices, plan);
  let wanted: { readonly code: number; readonly seen: (frame: IncomingFrame) => void } | undefined;
  socket.on("data", (chunk: Buffer) => {
    for (const one of incoming.read(chunk)) {
      if (one.channel === telemetryChannel) publisher.take(one);
      else if (one.code === wanted?.code) wanted?.seen(one);
    }
    publisher.taken();
  });
  /** Writes and resolves to the first frame of the other session that is of this kind. */
  const answered = (bytes: Buffer, code: number): Promise<IncomingFrame> => {
    const { promise, resolve } = Promise.withResolvers<IncomingFrame>();
    wanted = { code, seen: resolve };
    socket.write(bytes);
    return promise;
  };
  await answered(greeting, performative.flow);
  for (const [deliveryId, device] of devices.entries()) {
    const { payload } = await answered(putToken(device, deliveryId), performative.transfer);
    const status = rhea.message.decode(payload).application_properties?.["status-code"];
    if (status !== 200) throw new Error(`a token was answered ${status}`);
  }
  await publisher.attach(devices);
  return publisher;
}

if (import.meta.main) await generateLoad((plan: AmqpPlan) => plan.connections, open);
