import { ErrorCode, type Msg, type NatsConnection, NatsError } from "nats";
import type { IdentityKey } from "../../core/events.ts";
import type { DeviceReply, LiveOutcome } from "../../core/method/live-call.ts";
import type { Live, LiveHandler, LiveService, LiveWaits } from "../../core/ports.ts";
import { decodeCall, decodeReply, encodeCall, encodeReply } from "./live-codec.ts";
import type { NatsLog } from "./nats-log.ts";
import { ServedNotices } from "./served-notices.ts";
import { liveSubjectOf, servedSubjectOf } from "./subjects.ts";

/** What the nodes of a hub reach each other's connections by. */
export type LiveOptions = { readonly nc: NatsConnection; readonly hub: string; readonly log: NatsLog };

/** One of those who take the calls of an identity gets each. There are two for a moment when another node takes over. */
const queue = "live";

/** Who waits for a device asks again this often, should a notice have been lost with a connection. */
const askAgainMs = 1_000;

/**
 * Reaches devices by NATS requests: the node that holds a connection subscribes to its subject, and NATS itself says at
 * once when nobody does.
 */
export function createLive({ nc, hub, log }: LiveOptions): Live {
  return {
    async request(key, call, waits) {
      const { responseTimeoutMs, connectTimeoutMs } = waits;
      const subject = liveSubjectOf(hub, key);
      const bytes = encodeCall({ call, timeoutMs: responseTimeoutMs });
      const ask = () => askOnce({ nc, log }, { subject, bytes, timeoutMs: responseTimeoutMs });
      const outcome = await ask();
      if (outcome.kind !== "notOnline" || connectTimeoutMs <= 0) return outcome;
      try {
        return await askUntilServed(nc, { servedSubject: servedSubjectOf(hub, key), ask, waits });
      } catch (err) {
        log.warn({ err, subject }, "waiting for a device failed");
        return { kind: "unreachable" };
      }
    },
    serve: (key, handler) => serve({ nc, hub, log }, key, handler),
  };
}

type Question = { readonly subject: string; readonly bytes: Uint8Array; readonly timeoutMs: number };

async function askOnce(
  { nc, log }: Pick<LiveOptions, "nc" | "log">,
  { subject, bytes, timeoutMs }: Question,
): Promise<LiveOutcome> {
  // What is written between two connections is thrown away: the caller would wait for nothing.
  if (nc.info === undefined) return { kind: "unreachable" };
  try {
    const { data } = await nc.request(subject, bytes, { timeout: timeoutMs });
    const reply = decodeReply(data);
    if (reply === undefined) log.error({ subject }, "a node answered a method call with something else");
    return reply ?? { kind: "unreachable" };
  } catch (err) {
    const code = err instanceof NatsError ? err.code : undefined;
    if (code === ErrorCode.NoResponders) return { kind: "notOnline" };
    if (code === ErrorCode.Timeout) return { kind: "timedOut" };
    log.warn({ err, subject }, "a method call could not be sent");
    return { kind: "unreachable" };
  }
}

type Waiting = {
  readonly servedSubject: string;
  readonly ask: () => Promise<LiveOutcome>;
  readonly waits: LiveWaits;
};

/** Listens for notices before it asks, so that a connection which comes in between is not missed. */
async function askUntilServed(nc: NatsConnection, { servedSubject, ask, waits }: Waiting): Promise<LiveOutcome> {
  const { connectTimeoutMs, signal } = waits;
  const deadline = performance.now() + connectTimeoutMs;
  using notices = new ServedNotices(nc, servedSubject);
  for (;;) {
    if (signal?.aborted === true) return { kind: "canceled" };
    // Between two connections to NATS nothing is lost by waiting: the device has seen nothing yet.
    const outcome: LiveOutcome = nc.info === undefined ? { kind: "notOnline" } : await ask();
    const left = deadline - performance.now();
    if (outcome.kind !== "notOnline" || left <= 0) return outcome;
    await notices.next(Math.min(left, askAgainMs), signal);
  }
}

function serve({ nc, hub, log }: LiveOptions, key: IdentityKey, handler: LiveHandler): LiveService {
  const subject = liveSubjectOf(hub, key);
  let stopped = false;
  const subscription = nc.subscribe(subject, {
    queue,
    callback: (_error, msg) => {
      void answer(msg, stopped ? undefined : handler, log);
    },
  });
  const ready = announce(nc, servedSubjectOf(hub, key));
  return {
    ready,
    stop() {
      if (stopped) return;
      stopped = true;
      if (nc.isClosed()) return;
      // Draining ends the subscription at the server first, so calls that are on their way still get their answer. Between
      // two connections there is no server to tell, and the next one must not hear of it.
      if (nc.info === undefined) subscription.unsubscribe();
      else subscription.drain().catch(() => {});
    },
  };
}

/** Resolves once the server knows of the subscription, and tells those who wait for it. */
async function announce(nc: NatsConnection, servedSubject: string): Promise<void> {
  try {
    await nc.flush();
    nc.publish(servedSubject);
  } catch {
    // The connection was lost: the next one subscribes again, and who waits asks again.
  }
}

async function answer(msg: Msg, handler: LiveHandler | undefined, log: NatsLog): Promise<void> {
  const sent = decodeCall(msg.data);
  if (sent === undefined) return;
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), sent.timeoutMs);
  let reply: DeviceReply;
  try {
    reply = handler === undefined ? { kind: "notOnline" } : await handler(sent.call, ended.signal);
  } catch (err) {
    log.error({ err }, "handing over a method call failed");
    reply = { kind: "closed", reason: "ServerError" };
  } finally {
    clearTimeout(timer);
  }
  try {
    msg.respond(encodeReply(reply));
  } catch (err) {
    log.warn({ err }, "a method's answer could not be sent");
  }
}
