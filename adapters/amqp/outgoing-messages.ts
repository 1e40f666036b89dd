import type { Message, Sender } from "rhea";
import { LinkCredit } from "./link-credit.ts";

/** The messages to one link of a client. They wait here for the link's credit. */
export class OutgoingMessages {
  readonly #sender: Sender;
  readonly #limit: number;
  readonly #onOverflow: () => void;
  readonly #waiting: Message[] = [];
  readonly #credit: LinkCredit;

  /** `limit` is the number of messages that may wait; one more calls `onOverflow` and is dropped. */
  constructor(sender: Sender, { limit, onOverflow }: { readonly limit: number; readonly onOverflow: () => void }) {
    this.#sender = sender;
    this.#limit = limit;
    this.#onOverflow = onOverflow;
    this.#credit = new LinkCredit(sender);
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
    while (this.#waiting.length > 0 && this.#credit.room > 0) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#sender.send(message);
      this.#credit.used();
    }
  }
}
