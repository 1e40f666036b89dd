import { setTimeout as delay } from "node:timers/promises";
import { type Msg, type NatsConnection, NatsError } from "nats";
import { HubError } from "../../core/hub-error.ts";

/** An error that JetStream answered with. `errCode` is its own number, `code` an HTTP-like status. */
export class JetStreamError extends Error {
  override readonly name = "JetStreamError";
  readonly code: number;
  readonly errCode: number;

  constructor(code: number, errCode: number, description: string) {
    super(description);
    this.code = code;
    this.errCode = errCode;
  }
}

const tryTimeoutMs = 1_000;
const retryDelayMs = 100;
const unavailable = 503;

/** How long a request is repeated before the caller hears that the journal can't be reached. */
export const defaultDeadlineMs = 30_000;

/** A request to JetStream. Repeating it must do no harm: a lost answer looks like a lost request. */
export type JetStreamRequest = {
  readonly nc: NatsConnection;
  readonly subject: string;
  readonly payload?: unknown;
  readonly deadlineMs?: number;
  /** Ends the repetitions. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Sends a request until an answer comes. Throws HubError `ServiceUnavailable` when none comes within `deadlineMs`, such as
 * while there is no connection or no leader.
 */
export async function jetStreamAsk(request: JetStreamRequest): Promise<Msg> {
  const { nc, subject, payload, signal, deadlineMs = defaultDeadlineMs } = request;
  const deadline = Date.now() + deadlineMs;
  const body = payload === undefined ? "" : JSON.stringify(payload);
  for (;;) {
    const timeout = Math.max(1, Math.min(tryTimeoutMs, deadline - Date.now()));
    try {
      return await nc.request(subject, body, { timeout });
    } catch (cause) {
      const mayRepeat = cause instanceof NatsError && !nc.isClosed() && signal?.aborted !== true;
      if (!mayRepeat || Date.now() + retryDelayMs >= deadline) {
        throw outOfReach(cause);
      }
    }
    await delay(retryDelayMs);
  }
}

/**
 * Asks JetStream's API, which answers in JSON. Throws JetStreamError for an error answer, but repeats the request while
 * JetStream calls itself unavailable, and HubError `ServiceUnavailable` as `jetStreamAsk` does.
 */
export async function jetStreamApi(request: JetStreamRequest): Promise<Record<string, unknown>> {
  const deadline = Date.now() + (request.deadlineMs ?? defaultDeadlineMs);
  for (;;) {
    const msg = await jetStreamAsk({ ...request, deadlineMs: Math.max(1, deadline - Date.now()) });
    const answer: unknown = msg.json();
    if (!isRecord(answer)) throw new Error(`JetStream answered no JSON object to ${request.subject}`);
    const error = errorIn(answer);
    if (error === undefined) return answer;
    if (error.code !== unavailable) throw error;
    if (request.signal?.aborted === true || Date.now() + retryDelayMs >= deadline) throw outOfReach(error);
    await delay(retryDelayMs);
  }
}

const outOfReach = (cause: unknown): HubError =>
  new HubError("ServiceUnavailable", "The journal cannot be reached", {}, { cause });

/** The error that an answer of JetStream carries, if one does. */
export function errorIn(answer: Readonly<Record<string, unknown>>): JetStreamError | undefined {
  const { error } = answer;
  if (!isRecord(error)) return undefined;
  const { code, err_code: errCode, description } = error;
  return new JetStreamError(
    typeof code === "number" ? code : 500,
    typeof errCode === "number" ? errCode : 0,
    typeof description === "string" ? description.slice(0, 512) : "no description",
  );
}

/** Tells whether a parsed JSON value is an object. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
