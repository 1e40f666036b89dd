import type { MessageProperties } from "../../core/device-to-cloud/message.ts";
import type { IdentityKey } from "../../core/events.ts";
import type { HubError } from "../../core/hub-error.ts";
import type { TelemetrySender } from "../../core/ports.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import type { FrameReader } from "./frame-reader.ts";
import { withApplicationProperty } from "./property-bag.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { TopicCache } from "./topic-cache.ts";
import type { PublishTopic } from "./topics.ts";

const qosMask = 0x06;
const retainFlag = 0x01;

/** A twin request as it came; `finished` is called when it is answered. */
export type PublishedTwinRequest = {
  readonly kind: "twinGet" | "twinPatchReported";
  readonly requestId: string;
  readonly payload: Buffer;
  readonly finished: () => void;
};

/** A device's answer to a method call as it came; its payload is valid until the call returns. */
export type PublishedMethodResponse = {
  readonly requestId: string;
  readonly status: number;
  readonly payload: Buffer;
};

export type PublisherDeps = {
  readonly identity: IdentityKey;
  readonly sender: TelemetrySender;
  readonly puback: (packetId: number) => void;
  readonly twinRequest: (request: PublishedTwinRequest) => void;
  readonly methodResponse: (response: PublishedMethodResponse) => void;
  /** The hub takes no more telemetry for now. */
  readonly onFull: () => void;
  /** The hub could not store a message: no PUBACK must follow. */
  readonly onStoreFailed: (error: HubError) => void;
};

/** Takes the PUBLISH packets of one connection. Made for 100,000 a second: a telemetry message costs two small objects. */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #topics: TopicCache;
  readonly #acknowledgements: Acknowledgements;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
    this.#topics = new TopicCache(deps.identity);
    this.#acknowledgements = new Acknowledgements(deps.puback);
  }

  /** Takes the PUBLISH in the reader. Throws ProtocolViolation, and HubError `MessageTooLarge`. */
  publish({ header, buffer, start, end }: FrameReader): void {
    const hasPacketId = (header & qosMask) !== 0;
    const topicStart = start + 2;
    const topicEnd = topicStart <= end ? topicStart + buffer.readUInt16BE(start) : topicStart;
    const payloadStart = hasPacketId ? topicEnd + 2 : topicEnd;
    if (payloadStart > end || topicStart > end) throw new ProtocolViolation("malformed PUBLISH");
    const packetId = hasPacketId ? buffer.readUInt16BE(topicEnd) : 0;
    if (hasPacketId && packetId === 0) throw new ProtocolViolation("packet id 0");

    const topic = this.#topics.lookup(buffer, topicStart, topicEnd);
    const payload = buffer.subarray(payloadStart, end);
    if (topic.kind !== "telemetry") {
      this.#publishOther(topic, packetId, payload);
      return;
    }
    const properties = (header & retainFlag) === 0 ? topic.properties : withRetain(topic.properties);
    this.#acknowledgements.addTelemetry(packetId);
    if (!this.#deps.sender.send({ properties, body: payload }, this.#stored)) this.#deps.onFull();
  }

  /** One function for all messages of the connection: the sender stores them in order, so none needs its own. */
  #stored = (error?: HubError): void => {
    if (error === undefined) this.#acknowledgements.telemetryStored();
    else this.#deps.onStoreFailed(error);
  };

  #publishOther(topic: Exclude<PublishTopic, { kind: "telemetry" }>, packetId: number, payload: Buffer): void {
    const slot = packetId === 0 ? undefined : this.#acknowledgements.addOther(packetId);
    const finished = () => {
      if (slot !== undefined) this.#acknowledgements.finish(slot);
    };
    switch (topic.kind) {
      case "unawaited":
        finished();
        return;
      case "methodResponse":
        this.#deps.methodResponse({ requestId: topic.requestId, status: topic.status, payload });
        finished();
        return;
      case "twinGet":
      case "twinPatchReported":
        this.#deps.twinRequest({ kind: topic.kind, requestId: topic.requestId, payload, finished });
    }
  }
}

const retained = new WeakMap<MessageProperties, MessageProperties>();

/** RETAIN=1 stores nothing; it becomes a property (spec/mqtt 4). Repeated properties stay one object. */
function withRetain(properties: MessageProperties): MessageProperties {
  const known = retained.get(properties);
  if (known !== undefined) return known;
  const added = withApplicationProperty(properties, "mqtt-retain", "true");
  retained.set(properties, added);
  return added;
}
