import type { Sender } from "rhea";

/**
 * How many messages may be sent on a link now. In rhea's queue, which a session's links share, a message without credit
 * would hold up those of every other link, and one too many unsettled ones throw.
 */
export class LinkCredit {
  readonly #sender: Sender;
  #sent = 0;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Messages that may be sent now. */
  get room(): number {
    const { credit, delivery_count: left, session } = this.#sender as unknown as LinkState;
    if (!this.#sender.sendable()) return 0;
    // A drain counts deliveries that never were.
    this.#sent = Math.max(this.#sent, left);
    return Math.min(credit - (this.#sent - left), session.outgoing.available());
  }

  /** A message was sent. Credit falls when its frame leaves, a tick later: what was sent since has used it already. */
  used(): void {
    this.#sent += 1;
  }
}

/** What every link of rhea has and its types leave out. `available` counts the places for unsettled deliveries. */
type LinkState = {
  readonly credit: number;
  readonly delivery_count: number;
  readonly session: { readonly outgoing: { available(): number } };
};
