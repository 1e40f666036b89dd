import { isUtf8 } from "node:buffer";
import type { IdentityKey } from "../../core/events.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { type PublishTopic, parsePublishTopic } from "./topics.ts";

const maxTopics = 8;
const maxCachedLength = 1_024;

/**
 * The topics that one connection published to lately. The same topic gives the same object, so that the properties of
 * telemetry are parsed once here and encoded once behind the hub's sender. Topics with a message id in them never come
 * twice: few are kept, and no long ones, so a device can't fill the memory with them.
 */
export class TopicCache {
  readonly #identity: IdentityKey;
  readonly #topics = new Map<string, PublishTopic>();
  #lastBytes: Buffer = Buffer.alloc(0);
  #last: PublishTopic | undefined;

  constructor(identity: IdentityKey) {
    this.#identity = identity;
  }

  /** The topic whose UTF-8 is `bytes` from `start` to `end`. Throws ProtocolViolation. */
  lookup(bytes: Buffer, start: number, end: number): PublishTopic {
    const length = this.#lastBytes.length;
    // Most devices repeat one topic: comparing bytes is cheaper than making a string of them.
    if (
      this.#last !== undefined &&
      end - start === length &&
      bytes.compare(this.#lastBytes, 0, length, start, end) === 0
    ) {
      return this.#last;
    }
    const raw = bytes.subarray(start, end);
    if (!isUtf8(raw)) throw new ProtocolViolation("topic is not UTF-8");
    const text = raw.toString("utf8");
    const known = this.#topics.get(text);
    if (known === undefined) return this.#add(text);
    // Only a topic that came before is worth a copy: one with a message id in it will not come again.
    this.#last = known;
    this.#lastBytes = Buffer.copyBytesFrom(raw);
    return known;
  }

  #add(text: string): PublishTopic {
    const topic = parsePublishTopic(text, this.#identity);
    if (topic.kind !== "telemetry" || text.length > maxCachedLength) return topic;
    if (this.#topics.size >= maxTopics) this.#topics.clear();
    this.#topics.set(text, topic);
    return topic;
  }
}
