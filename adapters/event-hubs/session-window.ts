import type { Sender, Session } from "rhea";

/**
 * The bookkeeping of a session's outgoing transfers as rhea keeps it. Its types leave it out, so every field is looked at
 * before it is believed in.
 */
export type SessionWindow = {
  next_delivery_id: number;
  next_pending_delivery: number;
  next_transfer_id: number;
  readonly deliveries: { readonly size: number };
  transfer_window(): number;
  on_flow(fields: unknown): void;
};

/** What of a link rhea's types leave out. */
export type LinkState = {
  credit: number;
  delivery_count: number;
  readonly local: { readonly handle: number; readonly attach: { snd_settle_mode?: number } };
};

/** The parts of rhea under one sending link. */
export type LinkParts = {
  readonly link: LinkState;
  readonly channel: number;
  readonly window: SessionWindow;
  /** The largest frame that the peer takes, in bytes. */
  readonly maxFrameBytes: number;
  /** Sends frames, whole ones. */
  readonly write: (frames: Buffer) => void;
  /** Lets rhea write what it has been given since. */
  readonly register: () => void;
};

/** Finds the parts of a link. Throws when this is not the rhea that the hub was built with. */
export function linkPartsOf(sender: Sender): LinkParts {
  const { session, connection, link }: Record<"session" | "connection" | "link", unknown> = { ...partsOf(sender) };
  if (!isLink(link) || !isObject(session) || !isObject(session.local) || !isObject(connection)) throw unexpected();
  const { outgoing } = session;
  const { channel } = session.local;
  const { socket, max_frame_size: maxFrameSize } = connection;
  if (!isWindow(outgoing) || typeof channel !== "number" || !isWritable(socket) || !isProcessed(connection)) {
    throw unexpected();
  }
  return {
    link,
    channel,
    window: outgoing,
    maxFrameBytes: typeof maxFrameSize === "number" ? maxFrameSize : largestFrame,
    write: (frames) => void socket.write(frames),
    register: () => connection._register(),
  };
}

const partsOf = (sender: Sender) => ({ session: sender.session, connection: sender.connection, link: sender });

const unexpected = (): Error => new Error("rhea's links are not as this hub knows them");

const largestFrame = 0xffff_ffff;

/** Calls `listener` whenever the peer widens the session's window: rhea says so of links alone. Returns the way to stop. */
export function onSessionFlow(session: Session, window: SessionWindow, listener: () => void): () => void {
  const listeners = listenersOf.get(session) ?? watch(session, window);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const listenersOf = new WeakMap<Session, Set<() => void>>();

function watch(session: Session, window: SessionWindow): Set<() => void> {
  const listeners = new Set<() => void>();
  listenersOf.set(session, listeners);
  const onFlow = window.on_flow.bind(window);
  window.on_flow = (fields) => {
    onFlow(fields);
    for (const listener of listeners) listener();
  };
  return listeners;
}

function isLink(value: unknown): value is LinkState {
  if (!isObject(value) || typeof value.credit !== "number" || typeof value.delivery_count !== "number") return false;
  return isObject(value.local) && typeof value.local.handle === "number" && isObject(value.local.attach);
}

function isWindow(value: unknown): value is SessionWindow {
  if (!isObject(value) || typeof value.transfer_window !== "function" || typeof value.on_flow !== "function")
    return false;
  const counters = [value.next_delivery_id, value.next_pending_delivery, value.next_transfer_id];
  return counters.every((counter) => typeof counter === "number") && isObject(value.deliveries);
}

const isWritable = (value: unknown): value is { write(bytes: Buffer): unknown } =>
  isObject(value) && typeof value.write === "function";

const isProcessed = (value: object): value is { _register(): void } =>
  "_register" in value && typeof value._register === "function";

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
