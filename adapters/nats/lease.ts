import { setTimeout as delay } from "node:timers/promises";
import { type KV, type NatsConnection, StorageType } from "nats";
import type { NatsLog } from "./nats-log.ts";

/** What nodes contend for: the right to do what one of them does for all. */
export type LeaseOptions = {
  readonly nc: NatsConnection;
  readonly hub: string;
  /** The lease's name: letters, digits and hyphens. */
  readonly name: string;
  /** Who contends, for people who look into the bucket. */
  readonly holder: string;
  /** How many servers keep the leases. */
  readonly replicas: number;
  /** How long a node that is gone keeps the lease, in milliseconds; 10 s when absent. */
  readonly ttlMs?: number;
  readonly log: NatsLog;
  /** Does the work, each time that the lease is won, until `signal`, which comes when it is lost or given up. */
  readonly whileHeld: (signal: AbortSignal) => Promise<void>;
};

const defaultTtlMs = 10_000;

/**
 * Contends for a lease until disposed: a key of a bucket whose keys live for `ttlMs`, so that the one of a node that died goes
 * by itself. The holder renews it three times in that time, the others try for it five times. Nothing keeps a holder that
 * was cut off from working on for a moment beside its successor: what is done under a lease must bear that.
 */
export function contendForLease(options: LeaseOptions): AsyncDisposable {
  const stopping = new AbortController();
  const contending = contend(options, stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await contending;
    },
  };
}

async function contend(options: LeaseOptions, stopping: AbortSignal): Promise<void> {
  const { ttlMs = defaultTtlMs, name, log } = options;
  while (!stopping.aborted) {
    try {
      const bucket = await openBucket(options);
      const revision = await win(bucket, options);
      if (revision !== undefined) await hold(bucket, revision, options, stopping);
    } catch (err) {
      log.warn({ err, lease: name }, "a lease could not be asked for");
    }
    await pause(ttlMs / 5, stopping);
  }
}

/** Leases are in memory: a server that starts anew has no node that holds one. */
const openBucket = ({ nc, hub, replicas, ttlMs = defaultTtlMs }: LeaseOptions): Promise<KV> =>
  nc
    .jetstream()
    .views.kv(`${hub.toUpperCase()}-LEASES`, { ttl: ttlMs, history: 1, replicas, storage: StorageType.Memory });

/** Resolves to the key's revision, or to undefined when another node has it. */
async function win(bucket: KV, { name, holder }: LeaseOptions): Promise<number | undefined> {
  try {
    return await bucket.create(name, holder);
  } catch (error) {
    if (isTaken(error)) return undefined;
    throw error;
  }
}

const wrongLastSequence = 10_071;

function isTaken(error: unknown): boolean {
  if (!(error instanceof Error) || !("api_error" in error)) return false;
  const { api_error: answer } = error;
  return typeof answer === "object" && answer !== null && "err_code" in answer && answer.err_code === wrongLastSequence;
}

async function hold(bucket: KV, won: number, options: LeaseOptions, stopping: AbortSignal): Promise<void> {
  const { name, log, whileHeld } = options;
  log.debug({ lease: name }, "lease won");
  const ending = new AbortController();
  const over = AbortSignal.any([ending.signal, stopping]);
  const work = whileHeld(over).catch((err: unknown) => log.error({ err, lease: name }, "work under a lease failed"));
  const renewing = renew(bucket, won, options, over);
  // Work that ends by itself gives the lease up.
  await Promise.race([renewing, work]);
  ending.abort();
  await work;
  const revision = await renewing;
  if (revision === undefined) return;
  await bucket.delete(name, { previousSeq: revision }).catch((err: unknown) => {
    log.debug({ err, lease: name }, "a lease runs out by itself");
  });
}

/** Renews until `over`, and resolves to the last revision, or to undefined once the lease is lost. */
async function renew(bucket: KV, won: number, options: LeaseOptions, over: AbortSignal): Promise<number | undefined> {
  const { ttlMs = defaultTtlMs, name, holder, log } = options;
  let revision = won;
  let renewedAt = performance.now();
  for (;;) {
    await pause(ttlMs / 3, over);
    if (over.aborted) return revision;
    const began = performance.now();
    try {
      revision = await bucket.update(name, holder, revision);
      renewedAt = began;
    } catch (err) {
      log.warn({ err, lease: name }, "a lease could not be renewed");
      if (isTaken(err) || performance.now() - renewedAt > (ttlMs * 2) / 3) return undefined;
    }
  }
}

/** Waits, but not beyond `signal`. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, undefined, { signal }).catch(() => {});
