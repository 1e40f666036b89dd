import type { Json } from "../../core/json.ts";
import type { DeviceReply, LiveCall } from "../../core/method/live-call.ts";
import { isRecord } from "./js-api.ts";

/*
 * What hub nodes say to each other about a method call is JSON, in UTF-8. Both ends are nodes of one hub, so the shape is
 * checked no further than a stray message on the subject asks for.
 */

/** A call with the milliseconds that its caller waits for the answer. */
export type SentCall = { readonly call: LiveCall; readonly timeoutMs: number };

/** Writes a call. */
export const encodeCall = (sent: SentCall): Uint8Array => Buffer.from(JSON.stringify(sent));

/** Reads a call; undefined for what is none. */
export function decodeCall(bytes: Uint8Array): SentCall | undefined {
  const sent = parse(bytes);
  if (!isRecord(sent) || typeof sent.timeoutMs !== "number" || !isRecord(sent.call)) return undefined;
  const { timeoutMs } = sent;
  const { requestId, generationId, methodName, payload, correlationId, callEventId } = sent.call;
  const texts = { requestId, generationId, methodName, correlationId, callEventId };
  if (Object.values(texts).some((text) => typeof text !== "string")) return undefined;
  return { call: { ...(texts as Omit<LiveCall, "payload">), payload: (payload ?? null) as Json }, timeoutMs };
}

/** Writes a reply. */
export const encodeReply = (reply: DeviceReply): Uint8Array => Buffer.from(JSON.stringify(reply));

/** Reads a reply; undefined for what is none. */
export function decodeReply(bytes: Uint8Array): DeviceReply | undefined {
  const reply = parse(bytes);
  if (!isRecord(reply) || typeof reply.kind !== "string" || !Object.hasOwn(kinds, reply.kind)) return undefined;
  // Of a kind that only nodes of a hub write, in the shape that they give it.
  return reply as DeviceReply;
}

const kinds: Readonly<Record<DeviceReply["kind"], true>> = {
  answered: true,
  malformed: true,
  notOnline: true,
  closed: true,
  timedOut: true,
  busy: true,
};

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch {
    return undefined;
  }
}
