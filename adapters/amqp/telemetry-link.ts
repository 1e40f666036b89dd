import type { Logger } from "pino";
import type { Delivery, EventContext, Message, Receiver } from "rhea";
import { type D2cMessage, type MessageProperties, maxD2cBytes } from "../../core/device-to-cloud/message.ts";
import type { Telemetry } from "../../core/device-to-cloud/telemetry.ts";
import { HubError } from "../../core/hub-error.ts";
import type { TelemetrySender } from "../../core/ports.ts";
import { amqpErrorOf } from "./amqp-error.ts";
import { batchedMessagesOf, d2cMessageOf } from "./d2c-message.ts";
import type { Peer } from "./link.ts";
import { LinkRefused } from "./link-refused.ts";

/** The format of a transfer that holds many messages (spec/amqp 6). */
const batchFormat = 0x80013700;

/** Messages of one link that may be on their way to JetStream: a device's pipeline, and no more than a few MB. */
const window = 500;

/** Credit is given back in parts of this size: a flow for each message would cost as much as its disposition. */
const creditPart = window / 4;

/** What a telemetry link is made of. */
export type TelemetryLinkOptions = {
  readonly telemetry: Telemetry;
  readonly sender: TelemetrySender;
  readonly peer: Peer;
  readonly log: Logger;
};

/**
 * Takes the telemetry of a device's link. A message is accepted once JetStream holds it, and rejected with the error
 * otherwise: released or modified would count as a success with the Node SDK (spec/amqp 6).
 */
export class TelemetryLink {
  readonly #receiver: Receiver;
  readonly #options: TelemetryLinkOptions;
  #credit = 0;
  /** Messages that are settled and whose credit is not given back yet. */
  #owed = 0;
  /** Those of the last message: what stores messages encodes properties once for each object. */
  #properties: MessageProperties | undefined;

  constructor(receiver: Receiver, options: TelemetryLinkOptions) {
    this.#receiver = receiver;
    this.#options = options;
    (receiver as Receiver & LocalAttach).local.attach.max_message_size = maxD2cBytes;
    receiver.on("message", (context: EventContext) => this.#received(context));
  }

  /** Lets the device send. */
  open(): void {
    this.#grant(window);
  }

  #grant(credit: number): void {
    this.#owed = 0;
    this.#credit += credit;
    this.#receiver.add_credit(credit);
  }

  #received({ message, delivery, format }: EventContext & { readonly format?: number }): void {
    // What still comes over a link that the hub has detached is nobody's any more.
    if (delivery === undefined || !this.#receiver.is_open()) return;
    this.#credit -= 1;
    if (this.#credit < 0) {
      this.#options.peer.end(new LinkRefused("amqp:link:transfer-limit-exceeded", "More messages came than credit"));
      return;
    }
    try {
      this.#store(this.#messagesIn(message, format), delivery);
    } catch (error) {
      this.#settle(delivery, error);
    }
  }

  /** Throws HubError for what holds no message. rhea decodes format 0 and leaves the bytes of any other. */
  #messagesIn(message: Message | Buffer | undefined, format: number | undefined): readonly D2cMessage[] {
    if (format === batchFormat && Buffer.isBuffer(message)) return batchIn(message);
    if (message === undefined || Buffer.isBuffer(message)) {
      throw new HubError("GenericUnsupportedMediaType", "The message format is not supported");
    }
    const read = d2cMessageOf(message, this.#properties);
    this.#properties = read.properties;
    return [read];
  }

  #store(messages: readonly D2cMessage[], delivery: Delivery): void {
    const { sender, telemetry, peer } = this.#options;
    let waiting = messages.length;
    let failure: unknown;
    const stored = (error?: unknown): void => {
      failure ??= error;
      waiting -= 1;
      if (waiting === 0) this.#settle(delivery, failure);
    };
    if (waiting === 0) this.#settle(delivery, undefined);
    let hasRoom = true;
    // Of a batch whose tenth message is refused the others are stored: telemetry is at least once, so the device may
    // send all of it again.
    for (const message of messages) {
      try {
        hasRoom = sender.send(message, stored) && hasRoom;
      } catch (error) {
        stored(error);
      }
    }
    if (!hasRoom) telemetry.whenReady(peer.pause());
  }

  #settle(delivery: Delivery, error: unknown): void {
    if (!this.#receiver.is_open()) return;
    this.#owed += 1;
    if (this.#owed === creditPart) this.#grant(creditPart);
    if (error === undefined) {
      delivery.accept();
      return;
    }
    if (!(error instanceof HubError)) this.#options.log.error({ err: error }, "telemetry not stored");
    else if (error.reason === "ServiceUnavailable") this.#options.log.warn({ err: error }, "telemetry not stored");
    delivery.reject(amqpErrorOf(error));
  }
}

/** What every link of rhea has and its types leave out. */
type LocalAttach = { readonly local: { readonly attach: { max_message_size: number } } };

function batchIn(bytes: Buffer): readonly D2cMessage[] {
  const sizeBytes = bytes.length;
  if (sizeBytes <= maxD2cBytes) return batchedMessagesOf(bytes);
  const text = `Batch size ${sizeBytes} exceeds the limit of ${maxD2cBytes} bytes`;
  throw new HubError("MessageTooLarge", text, { sizeBytes });
}
