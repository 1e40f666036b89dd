import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import rhea, { type Message, type Sender } from "rhea";
import type { Clock } from "../../core/ports.ts";
import type { RecordBatch, RecordQueue } from "../../core/record-batch.ts";
import { LinkCredit } from "./link-credit.ts";
import { type Outcome, UnsettledDeliveries } from "./unsettled-deliveries.ts";

/** A queue of what back ends are told, and how its messages look. */
export type RecordSource<Record> = {
  readonly queue: Pick<RecordQueue<Record>, "receive">;
  readonly contentType: string;
  /** What stands in the message's body, as JSON. */
  readonly bodyOf: (records: readonly Record[]) => unknown;
  /** How long a reader may keep a message without settling it, in milliseconds. */
  readonly lockMs: number;
};

/** What a link of a reader is made of. */
export type RecordLinkOptions<Record> = {
  readonly source: RecordSource<Record>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Stands in each message as its user. */
  readonly hubName: string;
};

/** Batches that one reader may have without having settled them. */
const window = 10;
const retryMs = 1_000;

/** Gives a back end what it is told of all devices, a message for each batch (spec/amqp 8, spec/messaging 7, 8.3). */
export class RecordLink<Record> {
  readonly #options: RecordLinkOptions<Record>;
  readonly #credit: LinkCredit;
  readonly #unsettled: UnsettledDeliveries<RecordBatch<Record>>;
  readonly #closing = new AbortController();
  #isReceiving = false;

  constructor(sender: Sender, options: RecordLinkOptions<Record>) {
    this.#options = options;
    this.#credit = new LinkCredit(sender);
    this.#unsettled = new UnsettledDeliveries(sender, async (batch, outcome) => {
      await settle(batch, outcome);
      this.#run();
      return undefined;
    });
    sender.on("sendable", () => this.#run());
  }

  /** Takes back what the reader kept for too long: it comes again by itself. */
  sweep(now: number): void {
    if (this.#unsettled.expire(now).length > 0) this.#run();
  }

  /** The link is gone: what was not settled goes to the next reader. */
  close(): void {
    this.#closing.abort();
    for (const batch of this.#unsettled.close()) batch.abandon();
  }

  /** Whether the client takes a batch now. */
  get #hasRoom(): boolean {
    return this.#credit.room > 0 && this.#unsettled.size < window && !this.#closing.signal.aborted;
  }

  #run(): void {
    if (this.#isReceiving || !this.#hasRoom) return;
    this.#isReceiving = true;
    void this.#receive();
  }

  async #receive(): Promise<void> {
    const { source, log } = this.#options;
    const { signal } = this.#closing;
    while (this.#hasRoom) {
      try {
        const batch = await source.queue.receive(signal);
        if (batch !== undefined) this.#send(batch);
      } catch (err) {
        log.warn({ err, contentType: source.contentType }, "records for back ends not read");
        await delay(retryMs, undefined, { signal }).catch(() => {});
      }
    }
    this.#isReceiving = false;
  }

  #send(batch: RecordBatch<Record>): void {
    // The link may have gone, or its credit, while the batch was waited for.
    if (!this.#hasRoom) {
      batch.abandon();
      return;
    }
    const { clock, source } = this.#options;
    const now = clock.now();
    this.#unsettled.send(this.#messageOf(batch, now), batch.lockToken, {
      item: batch,
      lockedUntil: now + source.lockMs,
    });
    this.#credit.used();
  }

  /** The name of the annotation that tells the time is unconfirmed (spec/amqp 8). */
  #messageOf({ records, lockToken }: RecordBatch<Record>, now: number): Message {
    const { source, hubName } = this.#options;
    return {
      user_id: Buffer.from(hubName) as unknown as string,
      content_type: source.contentType,
      message_annotations: {
        "iothub-enqueuedtime": rhea.types.wrap_timestamp(now),
        "x-opt-lock-token": lockToken,
      },
      body: rhea.message.data_section(Buffer.from(JSON.stringify(source.bodyOf(records)))) as unknown,
    };
  }
}

/** A rejected batch is dead, as a message that a device rejects: it does not come again. */
async function settle(batch: RecordBatch<unknown>, outcome: Outcome): Promise<void> {
  switch (outcome) {
    case "accepted":
    case "rejected":
      await batch.complete();
      return;
    case "released":
    case "modified":
      batch.abandon();
  }
}
