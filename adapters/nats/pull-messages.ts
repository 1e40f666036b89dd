import { createInbox, type Msg, type NatsConnection, nanos } from "nats";
import { isDelivery } from "./delivery-subject.ts";

/** What to pull from a durable consumer. */
export type PullRequest = {
  readonly nc: NatsConnection;
  readonly stream: string;
  readonly consumer: string;
  /** How many messages at most. */
  readonly batch: number;
  /** How long to wait for the first; 0 takes what there is. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
};

/** What came of a pull. `isGone`: there is no such consumer, or nobody who knows it. */
export type Pulled = { readonly messages: readonly Msg[]; readonly isGone: boolean };

/** The server ends a pull by itself; this long after that it counts as lost. */
const graceMs = 2_000;
const idleHeartbeat = 100;
const noMessages = 404;
const timedOut = 408;

/** Pulls messages, and resolves as soon as all that were asked for are there, or no more come. Never rejects. */
export async function pullMessages({ nc, stream, consumer, batch, waitMs, signal }: PullRequest): Promise<Pulled> {
  const messages: Msg[] = [];
  if (signal?.aborted === true || nc.isClosed()) return { messages, isGone: false };
  const { promise: over, resolve } = Promise.withResolvers<boolean>();
  const inbox = createInbox();
  const subscription = nc.subscribe(inbox, {
    callback: (error, msg) => {
      if (error !== null) resolve(true);
      else if (msg.reply !== undefined && isDelivery(msg.reply)) {
        messages.push(msg);
        if (messages.length >= batch) resolve(false);
      } else {
        const code = msg.headers?.code;
        if (code !== idleHeartbeat) resolve(code !== noMessages && code !== timedOut);
      }
    },
  });
  const lost = setTimeout(() => resolve(true), waitMs + graceMs);
  const onAbort = (): void => resolve(false);
  // A pull that does not wait is answered at once: what it brings is not left on its way.
  if (waitMs > 0) signal?.addEventListener("abort", onAbort);
  const closed = closedSignalOf(nc);
  closed.addEventListener("abort", onAbort);
  try {
    const wait = waitMs === 0 ? { no_wait: true } : { expires: nanos(waitMs) };
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify({ batch, ...wait }), { reply: inbox });
    return { messages, isGone: await over };
  } finally {
    clearTimeout(lost);
    signal?.removeEventListener("abort", onAbort);
    closed.removeEventListener("abort", onAbort);
    if (!nc.isClosed()) subscription.unsubscribe();
  }
}

const closedSignals = new WeakMap<NatsConnection, AbortSignal>();

/** Aborts when the connection is closed. One for all pulls: what waits for `closed()` is kept as long as the connection. */
function closedSignalOf(nc: NatsConnection): AbortSignal {
  const known = closedSignals.get(nc);
  if (known !== undefined) return known;
  const controller = new AbortController();
  closedSignals.set(nc, controller.signal);
  void nc.closed().then(() => controller.abort());
  return controller.signal;
}
