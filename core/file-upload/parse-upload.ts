import { HubError } from "../hub-error.ts";
import { anyMember, type Members, membersOf } from "../identity/members.ts";
import type { JsonObject } from "../json.ts";
import type { Completion } from "./file-upload.ts";
import { maxBlobNameLength, maxBlobPathSegments, maxStatusDescription } from "./limits.ts";

const control = /\p{Cc}/u;

/** Parts of a path that a URL takes for directions, percent-encoded too (WHATWG URL, 4.4: dot path segments). */
const dots = /^(?:\.|%2e){1,2}$/i;

/**
 * The blob that a device's request asks for: `{deviceId}/{blobName}`, slashes kept (spec/messaging 8.1). Throws HubError
 * `ArgumentNull` when the request names none, and `ArgumentInvalid` for a name that a storage account does not take, or that
 * would mean another blob once it stands in a URL, as `.`, `..` and backslashes do there (Azure docs: naming blobs).
 */
export function blobNameIn(body: JsonObject, deviceId: string): string {
  const name = anyMember(membersOf(body), "blobName") ?? "";
  if (typeof name !== "string") throw new HubError("ArgumentInvalid", "blobName must be a text");
  if (name === "") throw new HubError("ArgumentNull", "The request needs a blobName");
  const blobName = `${deviceId}/${name}`;
  const segments = blobName.split("/");
  const isName =
    blobName.length <= maxBlobNameLength &&
    segments.length <= maxBlobPathSegments &&
    !segments.some((segment) => dots.test(segment)) &&
    !/[./]$/.test(blobName) &&
    !blobName.includes("\\") &&
    !control.test(blobName) &&
    blobName.isWellFormed();
  if (isName) return blobName;
  throw new HubError("ArgumentInvalid", blobNameRule);
}

const blobNameRule = `A blobName has ${maxBlobNameLength} characters at most, the device id and a slash before it included, no control \
characters or backslashes, no parts . or .. and no dot or slash at its end`;

/**
 * How a device says that an upload went (spec/messaging 8.2). Of a long description the beginning is kept: a device that
 * must tell of a failure shall not fail in that too. Throws HubError `InvalidFileUploadCompletionStatus`.
 */
export function completionIn(body: JsonObject): Completion {
  const members = membersOf(body);
  const isSuccess = anyMember(members, "isSuccess");
  if (typeof isSuccess !== "boolean") throw invalid("isSuccess must be true or false");
  const statusDescription = anyMember(members, "statusDescription") ?? null;
  if (statusDescription !== null && typeof statusDescription !== "string") {
    throw invalid("statusDescription must be a text");
  }
  const kept = statusDescription?.slice(0, maxStatusDescription).toWellFormed() ?? null;
  return { isSuccess, statusCode: statusCodeIn(members), statusDescription: kept };
}

function statusCodeIn(members: Members): number | null {
  const statusCode = anyMember(members, "statusCode") ?? null;
  if (statusCode === null) return null;
  if (typeof statusCode === "number" && Number.isSafeInteger(statusCode)) return statusCode;
  throw invalid("statusCode must be a whole number");
}

/** The upload that the body of a completion names. Throws HubError `InvalidFileUploadCorrelationId` when it names none. */
export function correlationIdIn(body: JsonObject): string {
  const correlationId = anyMember(membersOf(body), "correlationId");
  if (typeof correlationId === "string") return correlationId;
  throw new HubError("InvalidFileUploadCorrelationId", "The request needs a correlationId");
}

const invalid = (text: string): HubError => new HubError("InvalidFileUploadCompletionStatus", text);
