import { HubError } from "../../core/hub-error.ts";

/** What the storage account answered, as far as it may be logged: no headers and no addresses, which hold signatures. */
export type StorageFailure = { readonly status?: number; readonly code?: string };

/** Reads the error of a storage client, whose code is a text of the account's where there was an answer. */
export function storageFailure(error: unknown): StorageFailure {
  if (!(error instanceof Error)) return {};
  const { statusCode, code, details } = error as { statusCode?: unknown; code?: unknown; details?: unknown };
  // An answer without a body has its code in a header alone.
  const fromHeader = (details as { errorCode?: unknown } | undefined)?.errorCode;
  const text = [fromHeader, code].find((one): one is string => typeof one === "string") ?? error.name;
  return { ...(typeof statusCode === "number" ? { status: statusCode } : {}), code: text };
}

/**
 * The error that a device is told: that the account refuses the hub, or that it can't be reached or is too busy. It has no
 * cause, since a storage client's errors carry the signed request.
 */
export function hubErrorOf(failure: StorageFailure): HubError {
  const { status = 0, code } = failure;
  const passes = status === 408 || status === 429 || code === "ContainerBeingDeleted";
  if (status < 400 || status >= 500 || passes) {
    return new HubError("ServiceUnavailable", "The storage account can't be reached", { ...failure });
  }
  return new HubError("InvalidStorageEndpointOrBlob", "The storage account refuses the hub", { ...failure });
}
