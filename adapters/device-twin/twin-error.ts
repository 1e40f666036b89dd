import { errorTable, HubError } from "../../core/hub-error.ts";

/** An error as a twin response tells it: the status for the topic, the body as JSON text. */
export type TwinErrorAnswer = { readonly status: number; readonly body: string };

/**
 * Puts an error into its wire form (spec/mqtt 8, spec/twins-methods-jobs 6). The Node SDK looks at `errorCode` and
 * `message` only, .NET at the status only; the other two members are unconfirmed. An error that is no HubError is a bug:
 * the device learns nothing of it.
 */
export function twinErrorAnswer(error: unknown, about: { trackingId: string; timestampUtc: string }): TwinErrorAnswer {
  const known = error instanceof HubError ? error : new HubError("ServerError", "The hub failed to answer.");
  const { code, http } = errorTable[known.reason];
  return { status: http, body: JSON.stringify({ errorCode: code, message: known.message, ...about }) };
}
