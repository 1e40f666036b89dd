import type { NatsConnection } from "nats";
import type { AggregateKey, NewEvent } from "../../core/events.ts";
import { HubError } from "../../core/hub-error.ts";
import type { AppendResult } from "../../core/ports.ts";
import { encodeEvent, eventIdOf } from "./event-codec.ts";
import { lastSequenceOfSubject, nextOfSubject } from "./journal-lookup.ts";
import { isRecord, type JetStreamError } from "./js-api.ts";
import type { NatsLog } from "./nats-log.ts";
import type { Outcome } from "./publish-lane.ts";
import { Publisher, type PublishWindow } from "./publisher.ts";
import { journalStream, subjectOf } from "./subjects.ts";
import type { EventVersions } from "./upcast.ts";

/** What appends need. */
export type AppenderOptions = {
  readonly nc: NatsConnection;
  readonly hub: string;
  readonly log: NatsLog;
  readonly deadlineMs: number;
  readonly versions: EventVersions;
};

/** An append that waits for its outcome. */
type Pending = {
  readonly subject: string;
  readonly id: string;
  readonly expectedSequence: number | undefined;
  readonly resolve: (result: AppendResult | Promise<AppendResult>) => void;
  readonly reject: (error: HubError) => void;
};

const window: PublishWindow = { messages: 4_096, bytes: 33_554_432 };

/** nats-server's "wrong last sequence", with the sequence in its text, and the one of newer clusters, without it. */
const wrongLastSequence = 10_071;
const wrongLastSequenceUnnamed = 10_164;

/**
 * Appends events, pipelined. The event's id is the message's, so an append that is sent again after a lost connection is
 * neither stored twice nor conflicts with itself. A single server knows the id before it looks at the expected sequence, and
 * answers with the sequence of the first try. A cluster looks at the expected sequence first: then the event that made
 * the sequence stale may be this very one, so it is looked up. JetStream remembers ids for the two minutes of the stream's
 * duplicate window; the deadline for an append is far shorter. An append that a caller repeats later is only safe with an
 * expected sequence.
 */
export class JournalAppender {
  readonly #options: AppenderOptions;
  readonly #publisher: Publisher<Pending>;

  constructor(options: AppenderOptions) {
    this.#options = options;
    const { nc, log, deadlineMs } = options;
    const settled = (pending: Pending, outcome: Outcome): void => this.#settled(pending, outcome);
    this.#publisher = new Publisher<Pending>({ nc, log, lanes: 1, window, deadlineMs, settled });
  }

  /** See the port `Journal`. */
  append(key: AggregateKey, event: NewEvent, expectedSequence: number | undefined): Promise<AppendResult> {
    const { hub, versions } = this.#options;
    const version = versions.current(event.event.type);
    const encoded = encodeEvent({ hub, key, event, version, expectedSequence });
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>();
    const subject = subjectOf(hub, key);
    const context = { subject, id: event.meta.id, expectedSequence, resolve, reject };
    this.#publisher.publish(0, { subject, ...encoded, context, acceptedAt: Date.now(), outcome: undefined });
    return promise;
  }

  [Symbol.dispose](): void {
    this.#publisher[Symbol.dispose]();
  }

  #settled(pending: Pending, outcome: Outcome): void {
    const { resolve, reject } = pending;
    if (outcome instanceof HubError) reject(outcome);
    else if (outcome instanceof Uint8Array) {
      const result = resultIn(outcome);
      if (result === undefined) reject(notStored(outcome));
      else resolve(result);
    } else if (outcome.errCode === wrongLastSequence || outcome.errCode === wrongLastSequenceUnnamed) {
      resolve(this.#conflict(pending, outcome));
    } else reject(notStored(outcome));
  }

  async #conflict({ subject, id, expectedSequence = 0 }: Pending, { message }: JetStreamError): Promise<AppendResult> {
    const { nc, hub, deadlineMs } = this.#options;
    const lookup = { nc, stream: journalStream(hub), deadlineMs };
    // Had this append been stored before, then right behind the event that it expected.
    const next = await nextOfSubject(lookup, subject, expectedSequence);
    if (next !== undefined && eventIdOf(next) === id) {
      return { appended: true, sequence: next.sequence, isDuplicate: true };
    }
    const named = /wrong last sequence: (\d+)/.exec(message)?.[1];
    const lastSequence = named === undefined ? await lastSequenceOfSubject(lookup, subject) : Number(named);
    return { appended: false, lastSequence };
  }
}

/** The result in JetStream's acknowledgement, such as `{"stream":"HUB-JOURNAL","seq":7,"duplicate":true}`. */
function resultIn(ack: Uint8Array): AppendResult | undefined {
  const answer: unknown = JSON.parse(Buffer.from(ack.buffer, ack.byteOffset, ack.byteLength).toString());
  const { seq: sequence, duplicate } = isRecord(answer) ? answer : {};
  if (typeof sequence !== "number") return undefined;
  return { appended: true, sequence, ...(duplicate === true && { isDuplicate: true }) };
}

const notStored = (cause: unknown): HubError =>
  new HubError("ServiceUnavailable", "The event was not stored", {}, { cause });
