import { errorTable, HubError } from "../../core/hub-error.ts";

/** An error as HTTP carries it (spec/http-api 11.1, form A). */
export type ErrorReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** The content type of every answer: some SDKs read a body only under this name (spec/http-api 1.6). */
export const jsonContentType = "application/json; charset=utf-8";

const maxTextLength = 1000;

/**
 * Writes an error in form A. `requestId` is the request's guid: without its hyphens it is the tracking id, so that what
 * a caller quotes is found in the log.
 */
export function errorReply(error: HubError, requestId: string, now: Date): ErrorReply {
  const { reason } = error;
  const status = errorTable[reason].http;
  const text = status === 401 ? "Unauthorized" : errorText(error.message);
  const body = {
    Message: `ErrorCode:${reason};${text}`,
    ExceptionMessage: `Tracking ID:${requestId.replaceAll("-", "")}-G:0-TimeStamp:${timeStamp(now)}`,
  };
  return {
    status,
    headers: { "content-type": jsonContentType, "iothub-errorcode": reason },
    body: JSON.stringify(body),
  };
}

/** The Node SDK splits at `;` (spec/http-api 11.1), and a text may quote an id of the caller's own making. */
function errorText(message: string): string {
  return message
    .slice(0, maxTextLength)
    .replaceAll(";", ",")
    .replaceAll(/\p{Cc}/gu, " ");
}

/** `MM/dd/yyyy HH:mm:ss`, UTC. */
function timeStamp(now: Date): string {
  const [date = "", time = ""] = now.toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${month}/${day}/${year} ${time.slice(0, 8)}`;
}

/**
 * The HubError for whatever stopped a request. The server's own refusals (a body too large, a bad URL, a request cut
 * off) carry a 4xx `statusCode`; all else is a fault of the hub, kept as `cause` and shown to nobody.
 */
export function asHubError(error: unknown): HubError {
  if (error instanceof HubError) return error;
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status !== "number" || status < 400 || status > 499) {
    return new HubError("ServerError", "The hub could not answer the request", {}, { cause: error });
  }
  if (status === 413) return new HubError("MessageTooLarge", "The request body is larger than the hub takes");
  if (status === 415) return new HubError("GenericUnsupportedMediaType", "The content type is not supported");
  return new HubError("GenericBadRequest", "The request is malformed");
}
