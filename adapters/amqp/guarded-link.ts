import { FrameViolation } from "./frame-violation.ts";

/** What an incomplete frame costs beyond its payload: the objects that hold it. */
const bytesPerPart = 256;

/** A delivery of which frames are still to come. */
type Incomplete = { readonly deliveryId: number; readonly format: number; parts: Buffer[]; bytes: number };

/** A link as the frame guard knows it. */
export class GuardedLink {
  readonly name: string;
  /** The peer sends on it. */
  readonly peerSends: boolean;
  /** Deliveries that have come, counted as rhea counts them. */
  delivered = 0;
  /** The count of deliveries up to which the peer has credit. */
  deliveryLimit = 0;
  incomplete: Incomplete | undefined;

  constructor(name: string, peerSends: boolean) {
    this.name = name;
    this.peerSends = peerSends;
  }

  /** What the incomplete delivery counts towards the limit of the connection, in bytes. */
  get heldBytes(): number {
    const { incomplete } = this;
    return incomplete === undefined ? 0 : incomplete.bytes + bytesPerPart * incomplete.parts.length;
  }
}

/** A session as the frame guard knows it. */
export class GuardedSession {
  /** Links by the peer's handle. */
  readonly links = new Map<number, GuardedLink>();
  /** Links by the hub's own handle, once the hub has attached them. */
  readonly answered = new Map<number, GuardedLink>();
  /** Links by name, for as long as rhea knows them. */
  readonly names = new Map<string, GuardedLink>();
  /** The id of the last delivery of the hub's own; ids begin with 0. */
  lastSentDelivery = -1;

  /** The link of a handle. Throws FrameViolation. */
  link(handle: number): GuardedLink {
    const link = this.links.get(handle);
    if (link === undefined) throw new FrameViolation("amqp:session:unattached-handle", "No link has the handle");
    return link;
  }

  /**
   * Takes a link of the peer's. rhea knows links by name alone, keeps those names in a plain object, and would take an
   * attach with the name of a link that is still there for that link's own. Throws FrameViolation.
   */
  attach(handle: number, link: GuardedLink): void {
    if (this.links.has(handle)) throw new FrameViolation("amqp:session:handle-in-use", "The handle is in use");
    if (this.names.has(link.name)) throw new FrameViolation("amqp:not-allowed", "The session has a link of that name");
    if (link.name in {}) throw new FrameViolation("amqp:invalid-field", "A link may not have that name");
    this.links.set(handle, link);
    this.names.set(link.name, link);
  }

  /** Forgets a link that the peer has detached. Its name is free once rhea has forgotten it too, within this turn. */
  detach(handle: number): GuardedLink {
    const link = this.link(handle);
    this.links.delete(handle);
    setImmediate(() => this.names.delete(link.name));
    return link;
  }
}
