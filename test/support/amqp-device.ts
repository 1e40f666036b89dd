import { randomUUID } from "node:crypto";
import rhea, { type EventContext, type Message, type Receiver, type Sender } from "rhea";
import type { Outcome, RawAmqpClient } from "./amqp-client.ts";

/** What the hub answered to a twin request: annotations and body, as they came. */
export type TwinReply = { readonly status: unknown; readonly version: unknown; readonly body: unknown };

const reportedResource = "/properties/reported";
const desiredResource = "/notifications/twin/properties/desired";

/** A device's links on a connection that it shares with others (spec/amqp 5, 7). Its token has been put already. */
export class AmqpDevice {
  readonly deviceId: string;
  readonly telemetry: Sender;
  /** Changes of desired properties, as they came. */
  readonly changes: Record<string, unknown>[] = [];
  readonly #client: RawAmqpClient;
  readonly #requests: Sender;
  readonly #replies: Receiver;
  readonly #waiting = new Map<unknown, (reply: TwinReply) => void>();

  /** Attaches the links, on a session of the device's own or on the one that all devices of the connection share. */
  constructor(client: RawAmqpClient, deviceId: string, sessions: "own" | "shared") {
    const on = sessions === "own" ? client.connection.create_session() : client.connection;
    if ("begin" in on) on.begin();
    const properties = { "com.microsoft:channel-correlation-id": `twin:${randomUUID()}` };
    const twin = `/devices/${deviceId}/twin`;
    this.#client = client;
    this.deviceId = deviceId;
    this.telemetry = on.open_sender({ target: { address: `/devices/${deviceId}/messages/events` } });
    this.#requests = on.open_sender({ target: { address: twin }, properties, snd_settle_mode: 1 });
    this.#replies = on.open_receiver({ source: { address: twin }, properties, snd_settle_mode: 1 });
    this.#replies.on("message", ({ message }: EventContext) => message && this.#heard(message));
  }

  get links(): readonly (Sender | Receiver)[] {
    return [this.telemetry, this.#requests, this.#replies];
  }

  /** Sends a message; resolves to how the hub settled it. */
  async send(body: string): Promise<Outcome> {
    return await this.#client.send(this.telemetry, { body: rhea.message.data_section(Buffer.from(body)) });
  }

  async getTwin(): Promise<TwinReply> {
    return await this.#request({ operation: "GET" }, " ");
  }

  async report(patch: object): Promise<TwinReply> {
    return await this.#request({ operation: "PATCH", resource: reportedResource }, JSON.stringify(patch));
  }

  async subscribe(): Promise<TwinReply> {
    return await this.#request({ operation: "PUT", resource: desiredResource }, " ");
  }

  async #request(annotations: object, body: string): Promise<TwinReply> {
    await this.#client.credit(this.#requests);
    const id = randomUUID();
    const { promise, resolve } = Promise.withResolvers<TwinReply>();
    this.#waiting.set(id, resolve);
    const content = rhea.message.data_section(Buffer.from(body));
    this.#requests.send({ correlation_id: id, message_annotations: annotations, body: content });
    return await promise;
  }

  #heard({ correlation_id: id, message_annotations: annotations, body }: Message): void {
    const text = String((body as { readonly content: Buffer }).content);
    const parsed: unknown = text === "" ? undefined : JSON.parse(text);
    if (id === undefined) {
      this.changes.push(parsed as Record<string, unknown>);
      return;
    }
    this.#waiting.get(id)?.({ status: annotations?.status, version: annotations?.version, body: parsed });
    this.#waiting.delete(id);
  }
}
