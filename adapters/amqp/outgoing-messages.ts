import type { Message, Sender } from "rhea";

/**
 * The messages to one link of a client. They wait here for the link's credit: in rhea's queue, which a session's links
 * share, a message without credit would hold up those of every other link.
 */
export class OutgoingMessages {
  readonly #sender: Sender;
  readonly #limit: number;
  readonly #onOverflow: () => void;
  readonly #waiting: Message[] = [];
  #sent = 0;

  /** `limit` is the number of messages that may wait; one more calls `onOverflow` and is dropped. */
  constructor(sender: Sender, { limit, onOverflow }: { readonly limit: number; readonly onOverflow: () => void }) {
    this.#sender = sender;
    this.#limit = limit;
    this.#onOverflow = onOverflow;
    sender.on("sendable", () => this.#flush());
  }

  /** Sends a message, now or once there is credit. */
  send(message: Message): void {
    if (this.#waiting.length >= this.#limit) this.#onOverflow();
    else {
      this.#waiting.push(message);
      this.#flush();
    }
  }

  #flush(): void {
    let room = this.#room();
    while (room > 0 && this.#waiting.length > 0 && this.#sender.sendable()) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#sender.send(message);
      this.#sent += 1;
      room -= 1;
    }
  }

  /** Credit falls when a frame leaves, a tick after `send`: what was sent since has used it already. */
  #room(): number {
    const { credit, delivery_count: left } = this.#sender as Sender & LinkCounters;
    // A drain counts deliveries that never were.
    this.#sent = Math.max(this.#sent, left);
    return credit - (this.#sent - left);
  }
}

/** What every link of rhea has and its types leave out. */
type LinkCounters = { readonly credit: number; readonly delivery_count: number };
