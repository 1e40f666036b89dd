import type { Receiver, Sender, Session } from "rhea";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { OpenLink } from "./link.ts";

type Link = Sender | Receiver;
type Held = { readonly open: OpenLink; validUntil: number };

/** The open links of one connection. Each hears of its end once. */
export class LinkTable {
  readonly #links = new Map<Link, Held>();

  get size(): number {
    return this.#links.size;
  }

  /** The links as they are now: a caller may end some while it goes through them. */
  all(): readonly Link[] {
    return [...this.#links.keys()];
  }

  /** Takes a link and checks its right; throws as `authorize` does, and holds the link all the same. */
  add(link: Link, open: OpenLink): void {
    const held = { open, validUntil: Number.POSITIVE_INFINITY };
    this.#links.set(link, held);
    held.validUntil = open.authorize();
  }

  /** Checks the right to a link again whose time has come. Throws as `authorize` does. */
  authorizeAgain(link: Link): void {
    const held = this.#links.get(link);
    if (held !== undefined) held.validUntil = held.open.authorize();
  }

  /** The links whose right has run out. */
  expired(now: number): readonly Link[] {
    const found: Link[] = [];
    for (const [link, { validUntil }] of this.#links) if (now >= validUntil) found.push(link);
    return found;
  }

  /** Forgets a link, if it is held, and tells it why it ended. */
  remove(link: Link, reason: DisconnectReason): void {
    const held = this.#links.get(link);
    if (held === undefined) return;
    this.#links.delete(link);
    held.open.closed(reason);
  }

  /** Forgets the links of a session. */
  removeSession(session: Session, reason: DisconnectReason): void {
    for (const link of this.all()) if (link.session === session) this.remove(link, reason);
  }

  /** Forgets all of them. */
  removeAll(reason: DisconnectReason): void {
    for (const link of this.all()) this.remove(link, reason);
  }
}
