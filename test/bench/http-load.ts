import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import type { LatencyHistogram } from "./latency-histogram.ts";
import { bodyOf, generateLoad, type LoadConnection, type LoadPlan } from "./load.ts";

/**
 * A load generator of HTTPS telemetry: connections that are kept alive, one request in flight on each. The request of a
 * connection is always the same and built beforehand; what it carries counts when it is answered 204.
 */
export type HttpPlan = LoadPlan & {
  readonly ca: string;
  /** 1 sends single messages, more sends batches of so many. */
  readonly messagesPerRequest: number;
  readonly clients: readonly { readonly deviceId: string; readonly token: string }[];
};

/** The bytes of a request (spec/http-api 9.1). */
function requestBytes({ bodyBytes, messagesPerRequest }: HttpPlan, client: HttpPlan["clients"][number]): Buffer {
  const { deviceId, token } = client;
  const message = bodyOf(bodyBytes);
  const entry = { body: message.toString("base64") };
  const isBatch = messagesPerRequest > 1;
  const body = isBatch ? Buffer.from(JSON.stringify(Array.from({ length: messagesPerRequest }, () => entry))) : message;
  const head = [
    `POST /devices/${deviceId}/messages/events?api-version=2021-04-12 HTTP/1.1`,
    "Host: localhost",
    `Authorization: ${token}`,
    `Content-Type: ${isBatch ? "application/vnd.microsoft.iothub.json" : "application/octet-stream"}`,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/** One connection. */
class Requester implements LoadConnection {
  readonly #socket: TLSSocket;
  readonly #request: Buffer;
  readonly #messagesPerRequest: number;
  readonly #done = Promise.withResolvers<void>();
  #latencies: LatencyHistogram | undefined;
  #left = 0;
  #sentAt = 0;
  #answer = "";

  constructor(socket: TLSSocket, plan: HttpPlan, client: HttpPlan["clients"][number]) {
    this.#socket = socket;
    this.#request = requestBytes(plan, client);
    this.#messagesPerRequest = plan.messagesPerRequest;
    socket.on("data", (chunk) => this.#answered(chunk));
    socket.on("close", () => this.#done.reject(new Error("the hub closed a connection")));
  }

  async run(messages: number, latencies: LatencyHistogram): Promise<void> {
    this.#latencies = latencies;
    this.#left = messages;
    if (messages === 0) return;
    this.#send();
    await this.#done.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(): void {
    this.#sentAt = performance.now();
    this.#socket.write(this.#request);
  }

  /** A 204 has no body, so its answer ends with its head (RFC 9112, section 6.3). */
  #answered(chunk: Buffer): void {
    this.#answer += chunk.toString("latin1");
    if (!this.#answer.endsWith("\r\n\r\n")) return;
    if (!this.#answer.startsWith("HTTP/1.1 204 ")) this.#done.reject(new Error(`answered ${this.#answer}`));
    this.#answer = "";
    this.#latencies?.record(performance.now() - this.#sentAt);
    this.#left -= this.#messagesPerRequest;
    if (this.#left <= 0) this.#done.resolve();
    else this.#send();
  }
}

async function open(plan: HttpPlan, client: HttpPlan["clients"][number]): Promise<LoadConnection> {
  const socket = connect({ port: plan.port, host: "127.0.0.1", servername: "localhost", ca: plan.ca });
  await once(socket, "secureConnect");
  socket.setNoDelay();
  return new Requester(socket, plan, client);
}

if (import.meta.main) await generateLoad((plan: HttpPlan) => plan.clients, open);
