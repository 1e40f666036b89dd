import type { Msg, NatsConnection } from "nats";
import { HubError } from "../../core/hub-error.ts";
import type { RawEvent } from "./event-codec.ts";
import { bodyTextOf, eachHeader, headerLinesOf } from "./header-block.ts";
import { isRecord, JetStreamError, jetStreamApi, jetStreamAsk } from "./js-api.ts";

/** The stream to look into. */
export type Lookup = { readonly nc: NatsConnection; readonly stream: string; readonly deadlineMs: number };

const atOnce = 256;
const noMessageFound = 10_037;

/** The last sequence of a stream, 0 when it is empty. */
export async function lastSequenceOf({ nc, stream, deadlineMs }: Lookup): Promise<number> {
  const { state } = await jetStreamApi({ nc, subject: `$JS.API.STREAM.INFO.${stream}`, deadlineMs });
  return isRecord(state) && typeof state.last_seq === "number" ? state.last_seq : 0;
}

/** The sequence of a subject's last message, 0 when it has none. The stream's leader is asked. */
export async function lastSequenceOfSubject(lookup: Lookup, subject: string): Promise<number> {
  return (await fromLeader(lookup, { last_by_subj: subject }))?.sequence ?? 0;
}

/** The first message of a subject after a sequence, if there is one. The stream's leader is asked. */
export function nextOfSubject(lookup: Lookup, subject: string, afterSequence: number): Promise<RawEvent | undefined> {
  return fromLeader(lookup, { seq: afterSequence + 1, next_by_subj: subject });
}

/**
 * The messages at these sequences, in the order asked, some hundred requests at a time. Throws HubError `ServerError` when one
 * does not exist.
 */
export async function rawEventsAt(lookup: Lookup, sequences: readonly number[]): Promise<readonly RawEvent[]> {
  const found = new Map<number, RawEvent>();
  // One iterator for all workers: each takes the next that nobody has.
  const rest = new Set(sequences).values();
  const worker = async (): Promise<void> => {
    for (const sequence of rest) found.set(sequence, await rawEventAt(lookup, sequence));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, sequences.length) }, worker));
  return sequences.flatMap((sequence) => found.get(sequence) ?? []);
}

async function rawEventAt(lookup: Lookup, sequence: number): Promise<RawEvent> {
  const { nc, stream, deadlineMs } = lookup;
  const msg = await jetStreamAsk({
    nc,
    subject: `$JS.API.DIRECT.GET.${stream}`,
    payload: { seq: sequence },
    deadlineMs,
  });
  // Any server of a cluster answers a direct get, even one that has not stored the message yet.
  const event = fromDirectGet(msg, sequence) ?? (await fromLeader(lookup, { seq: sequence }));
  if (event !== undefined) return event;
  throw new HubError("ServerError", `The journal has no event ${sequence}`, { sequence });
}

function fromDirectGet(msg: Msg, sequence: number): RawEvent | undefined {
  let subject: string | undefined;
  const headerLines = headerLinesOf(msg);
  eachHeader(headerLines, (name, value) => {
    if (name === "Nats-Subject") subject = value;
  });
  return subject === undefined ? undefined : { subject, sequence, headerLines, text: bodyTextOf(msg) };
}

type Query = { readonly seq: number; readonly next_by_subj?: string } | { readonly last_by_subj: string };

async function fromLeader({ nc, stream, deadlineMs }: Lookup, query: Query): Promise<RawEvent | undefined> {
  try {
    const subject = `$JS.API.STREAM.MSG.GET.${stream}`;
    const { message } = await jetStreamApi({ nc, subject, payload: query, deadlineMs });
    return isRecord(message) ? storedMessage(message) : undefined;
  } catch (error) {
    if (error instanceof JetStreamError && error.errCode === noMessageFound) return undefined;
    throw error;
  }
}

function storedMessage({ subject, seq, hdrs, data }: Readonly<Record<string, unknown>>): RawEvent | undefined {
  if (typeof subject !== "string" || typeof seq !== "number") return undefined;
  const headers = typeof hdrs === "string" ? Buffer.from(hdrs, "base64").toString("latin1") : "";
  const text = Buffer.from(typeof data === "string" ? data : "", "base64").toString();
  return { subject, sequence: seq, headerLines: headers.slice(headers.indexOf("\r\n") + 2), text };
}
