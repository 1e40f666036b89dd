import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import rhea, { type Message, type Sender } from "rhea";
import type { FeedbackBatch, FeedbackQueue } from "../../core/cloud-to-device/feedback.ts";
import { feedbackLockMs } from "../../core/cloud-to-device/limits.ts";
import type { Clock } from "../../core/ports.ts";
import { LinkCredit } from "./link-credit.ts";
import { type Outcome, UnsettledDeliveries } from "./unsettled-deliveries.ts";

/** What a link of a reader of feedback is made of. */
export type FeedbackLinkOptions = {
  readonly feedback: Pick<FeedbackQueue, "receive">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Stands in each message as its user. */
  readonly hubName: string;
};

/** Batches that one reader may have without having settled them. */
const window = 10;
const retryMs = 1_000;

/** The content type of feedback (spec/amqp 8). */
export const feedbackContentType = "application/vnd.microsoft.iothub.feedback.json";

/** Gives a back end the feedback of all devices, a message for each batch (spec/amqp 8, spec/messaging 7). */
export class FeedbackLink {
  readonly #options: FeedbackLinkOptions;
  readonly #credit: LinkCredit;
  readonly #unsettled: UnsettledDeliveries<FeedbackBatch>;
  readonly #closing = new AbortController();
  #isReceiving = false;

  constructor(sender: Sender, options: FeedbackLinkOptions) {
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
    const { feedback, log } = this.#options;
    const { signal } = this.#closing;
    while (this.#hasRoom) {
      try {
        const batch = await feedback.receive(signal);
        if (batch !== undefined) this.#send(batch);
      } catch (err) {
        log.warn({ err }, "feedback not read");
        await delay(retryMs, undefined, { signal }).catch(() => {});
      }
    }
    this.#isReceiving = false;
  }

  #send(batch: FeedbackBatch): void {
    const { clock, hubName } = this.#options;
    // The link may have gone, or its credit, while the batch was waited for.
    if (!this.#hasRoom) {
      batch.abandon();
      return;
    }
    const now = clock.now();
    const message = feedbackMessage(batch, { hubName, now });
    this.#unsettled.send(message, batch.lockToken, { item: batch, lockedUntil: now + feedbackLockMs });
    this.#credit.used();
  }
}

/** A rejected batch is dead, as a message that a device rejects: it does not come again. */
async function settle(batch: FeedbackBatch, outcome: Outcome): Promise<void> {
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

/** The name of the annotation that tells the time is unconfirmed (spec/amqp 8). */
function feedbackMessage(
  { records, lockToken }: FeedbackBatch,
  { hubName, now }: { hubName: string; now: number },
): Message {
  return {
    user_id: Buffer.from(hubName) as unknown as string,
    content_type: feedbackContentType,
    message_annotations: {
      "iothub-enqueuedtime": rhea.types.wrap_timestamp(now),
      "x-opt-lock-token": lockToken,
    },
    body: rhea.message.data_section(Buffer.from(JSON.stringify(records))) as unknown,
  };
}
