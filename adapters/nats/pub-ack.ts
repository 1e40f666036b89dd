import type { Msg } from "nats";
import { errorIn, isRecord, JetStreamError } from "./js-api.ts";

/**
 * What came back for a publish: the bytes of JetStream's acknowledgement, its refusal, or undefined when it could not
 * take the message now but may soon.
 */
export type PublishAnswer = Uint8Array | JetStreamError | undefined;

const letterS = 0x73;
const unavailable = 503;
const tooManyRequests = 429;

/**
 * Reads the answer to a publish. Good ones are not parsed: nats-server writes `{"stream":…` for them, and puts `"error"` first
 * in the others. Empty is NATS's own "no responders": the stream has no leader at the moment.
 */
export function readPublishAnswer({ data }: Msg): PublishAnswer {
  if (data.length === 0) return undefined;
  if (data[2] === letterS) return data;
  const error = parseError(data);
  return error?.code === unavailable || error?.code === tooManyRequests ? undefined : (error ?? data);
}

function parseError(data: Uint8Array): JetStreamError | undefined {
  const answer = parseJson(data);
  return isRecord(answer) ? errorIn(answer) : new JetStreamError(500, 0, "an acknowledgement that is no JSON object");
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
  } catch {
    return undefined;
  }
}
