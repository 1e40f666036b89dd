/** Where a message stands: in its stream, and among those of the consumer; and how many are to come. */
export type Place = { readonly sequence: number; readonly delivered: number; readonly pending: number };

const replyPrefix = "$JS.ACK.";
const zero = 0x30;

/** Tells a reply subject of a delivered message from that of a status, which has none, or of anything else. */
export const isDelivery = (reply: string): boolean => reply.startsWith(replyPrefix);

/**
 * Reads the place from the reply subject of a delivered message: `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.
 * <consumer sequence>.<time>.<pending>`, or with domain and account before the stream, and a token at the end (NATS ADR-15).
 * It is read for every message of a replay, so the digits are taken one by one, from `numbersAt` on, instead of cutting
 * the text up.
 */
export function placeOf(reply: string, start: number): Place {
  let sequence = 0;
  let delivered = 0;
  let field = 0;
  let value = 0;
  for (let index = start; index < reply.length && field < 5; index += 1) {
    const digit = reply.charCodeAt(index) - zero;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else {
      if (field === 1) sequence = value;
      else if (field === 2) delivered = value;
      field += 1;
      value = field === 5 ? value : 0;
    }
  }
  return { sequence, delivered, pending: value };
}

/** Where the numbers begin in the reply subjects of a consumer: what comes before is the same for all of its messages. */
export function numbersAt(reply: string): number {
  const tokens = reply.split(".");
  return tokens.slice(0, tokens.length > 9 ? 6 : 4).join(".").length + 1;
}

const nanosecondDigits = 6;

/**
 * When the message was stored, in milliseconds since 1970. The number is in nanoseconds, more than a double holds, so its
 * end is cut off as text. `start` is as `placeOf` takes it.
 */
export function storedTimeMsOf(reply: string, start: number): number {
  let from = start;
  for (let field = 0; field < 3; field += 1) from = reply.indexOf(".", from) + 1;
  return Number(reply.slice(from, reply.indexOf(".", from) - nanosecondDigits));
}
