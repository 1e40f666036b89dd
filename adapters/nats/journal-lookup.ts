import { createInbox, type Msg, type NatsConnection } from "nats";
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
  const wanted = [...new Set(sequences)];
  for (let first = 0; first < wanted.length; first += atOnce) {
    await askForAll(lookup, wanted.slice(first, first + atOnce), found);
  }
  for (const sequence of wanted) if (!found.has(sequence)) found.set(sequence, await rawEventAt(lookup, sequence));
  return sequences.flatMap((sequence) => found.get(sequence) ?? []);
}

/** So long nothing may come before the answers that are missing count as lost. */
const silenceMs = 500;

/**
 * Asks for many messages in one write and takes the answers as they come, at half the cost of a request each. What is not
 * answered, or answered with anything but a message, is not in `found` then.
 */
async function askForAll(
  { nc, stream }: Lookup,
  sequences: readonly number[],
  found: Map<number, RawEvent>,
): Promise<void> {
  if (nc.isClosed()) return;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const inbox = createInbox();
  let missing = sequences.length;
  const silence = setTimeout(resolve, silenceMs);
  const callback = (error: unknown, msg: Msg): void => {
    const sequence = sequences[Number(msg.subject.slice(inbox.length + 1))];
    const event = error === null && sequence !== undefined ? fromDirectGet(msg, sequence) : undefined;
    if (event !== undefined) found.set(event.sequence, event);
    missing -= 1;
    if (missing === 0) resolve();
    else silence.refresh();
  };
  const subscription = nc.subscribe(`${inbox}.*`, { callback });
  try {
    for (const [index, sequence] of sequences.entries()) {
      nc.publish(`$JS.API.DIRECT.GET.${stream}`, `{"seq":${sequence}}`, { reply: `${inbox}.${index}` });
    }
    await over;
  } finally {
    clearTimeout(silence);
    if (!nc.isClosed()) subscription.unsubscribe();
  }
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
