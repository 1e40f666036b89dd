import type { Actor } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { requireDevice } from "../identity/load-identity.ts";
import type { RequestContext } from "../identity/registry.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { type Executed, execute, type Loaded } from "../journal/execute.ts";
import { createTurns, type Turns } from "../journal/turns.ts";
import type { JsonObject } from "../json.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import type { Blobs, UploadGrant } from "./blobs.ts";
import { decideUploads, findOpen, requireRoom, type UploadCommand } from "./decide.ts";
import { noUploads } from "./evolve.ts";
import type { DeviceUploads, EndedUpload, FileUploadEvent, UploadedBlob, UploadInFlight } from "./file-upload.ts";
import { uploadTtlMs } from "./limits.ts";
import { blobNameIn, completionIn, correlationIdIn } from "./parse-upload.ts";

/** A device that wants to upload a file; `body` is its request's, `calledBy` the name by which it called the hub. */
export type StartUpload = RequestContext & {
  readonly deviceId: string;
  readonly body: JsonObject;
  readonly calledBy?: string;
};

/** What a device needs to upload a file, and to tell how that went: `https://{hostName}/{containerName}/{blobName}{sasToken}`. */
export type StartedUpload = UploadGrant & { readonly correlationId: string; readonly blobName: string };

/**
 * A device that tells how an upload went. `uploadId` is the upload's correlation id, which is apart from that of the request;
 * without it the body names the upload (spec/messaging 8.2).
 */
export type CompleteUpload = Omit<StartUpload, "calledBy"> & { readonly uploadId?: string };

/** An upload as back ends see it. Times are ISO 8601, UTC, milliseconds. */
export type UploadState = (UploadInFlight & { readonly state: "InProgress" }) | EndedUpload;

/** File upload (spec/messaging 8). All but `expireDue` throw HubError `DeviceNotFound`; whatever writes throws as `execute`. */
export type FileUploads = {
  /**
   * Lets a device write one blob for an hour. Throws as `blobNameIn`, as `Blobs`, and
   * `DeviceMaximumActiveFileUploadLimitExceeded`.
   */
  start(request: StartUpload): Promise<StartedUpload>;
  /**
   * Takes down how an upload went, after a look at the blob when it went well. Throws as `completionIn`, `correlationIdIn`,
   * `findOpen` and `Blobs`, and `InvalidStorageEndpointOrBlob` when there is no blob.
   */
  complete(request: CompleteUpload): Promise<void>;
  /** The uploads under way and the latest that ended, the oldest first. */
  list(deviceId: string): readonly UploadState[];
  /** Ends the uploads of all devices whose time has come. Any number of nodes may do this at once. */
  expireDue(): Promise<void>;
};

/** What the use cases are built from. */
export type FileUploadsDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "device" | "fileUploads" | "devicesWithDueUploads" | "applied">;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
};

/** The dependencies, and the turns that the events of one device take on this node. */
type Deps = FileUploadsDeps & { readonly inTurn: Turns };

/** Makes the use cases. */
export function createFileUploads(ports: FileUploadsDeps): FileUploads {
  const deps: Deps = { ...ports, inTurn: createTurns() };
  return {
    start: (request) => start(deps, request),
    complete: (request) => complete(deps, request),
    list(deviceId) {
      const { inFlight, ended } = uploadsOf(deps, deviceId);
      const now = timeNow(deps);
      return [...ended, ...inFlight.map((upload) => shown(upload, now))].toSorted(byStart);
    },
    expireDue: () => expireDue(deps),
  };
}

const timeNow = ({ clock }: Pick<Deps, "clock">): string => clock.isoTime(clock.now());

function uploadsOf({ readModel }: Deps, deviceId: string): DeviceUploads {
  const { generationId } = requireDevice(readModel, deviceId);
  return readModel.fileUploads(deviceId)?.value ?? noUploads(generationId);
}

/** An upload whose time has come is over, even if nobody has noticed its end yet. */
function shown(upload: UploadInFlight, now: string): UploadState {
  const { expiresAt, ...common } = upload;
  return expiresAt > now ? { ...upload, state: "InProgress" } : { ...common, state: "Expired", endedTime: expiresAt };
}

const byStart = (a: UploadState, b: UploadState): number =>
  a.startedTime === b.startedTime ? 0 : a.startedTime < b.startedTime ? -1 : 1;

/**
 * The storage account is asked outside the device's turn, so that a slow one holds up nothing, and before the journal, so
 * that a refused upload takes no place.
 */
async function start(deps: Deps, { deviceId, body, calledBy, ...origin }: StartUpload): Promise<StartedUpload> {
  const { blobs, clock, ids } = deps;
  const blobName = blobNameIn(body, deviceId);
  requireRoom(uploadsOf(deps, deviceId), timeNow(deps));
  const correlationId = ids.uuid();
  const expiresAtMs = clock.now() + uploadTtlMs;
  const { hostName, containerName, sasToken } = await blobs.grantUpload(blobName, {
    expiresAtMs,
    ...(calledBy === undefined ? {} : { calledBy }),
  });
  const expiresAt = clock.isoTime(expiresAtMs);
  await run(deps, deviceId, origin, () => {
    requireDevice(deps.readModel, deviceId);
    return { type: "Start", now: timeNow(deps), correlationId, blobName, containerName, expiresAt };
  });
  return { correlationId, hostName, containerName, blobName, sasToken };
}

async function complete(deps: Deps, request: CompleteUpload): Promise<void> {
  const { deviceId, body, uploadId: correlationId = correlationIdIn(body), ...origin } = request;
  const completion = completionIn(body);
  const { isSuccess } = completion;
  const upload = findOpen(uploadsOf(deps, deviceId), { correlationId, isSuccess, now: timeNow(deps) });
  if (upload === undefined) return;
  const blob = isSuccess ? await uploadedBlob(deps, upload) : null;
  await run(deps, deviceId, origin, () => {
    requireDevice(deps.readModel, deviceId);
    return { type: "Complete", now: timeNow(deps), correlationId, completion, blob };
  });
}

/** The upload stays under way when there is no blob: the device may still write it, or tell that it failed. */
async function uploadedBlob({ blobs, clock }: Deps, { blobName }: UploadInFlight): Promise<UploadedBlob> {
  const found = await blobs.find(blobName);
  if (found === undefined) throw new HubError("InvalidStorageEndpointOrBlob", "The container has no such blob");
  const { uri: blobUri, sizeInBytes: blobSizeInBytes, lastModifiedMs } = found;
  return { blobUri, blobSizeInBytes, lastUpdatedTime: clock.isoTime(lastModifiedMs) };
}

const devicesAtOnce = 100;

/**
 * No place waits for this. But a device that is gone for good asks for no other upload, and its history shall tell what
 * became of the last.
 */
async function expireDue(deps: Deps): Promise<void> {
  const { readModel, nodeId } = deps;
  const origin = { actor: { kind: "hub", nodeId } satisfies Actor, correlationId: nodeId };
  const expire = (): UploadCommand => ({ type: "Expire", now: timeNow(deps) });
  for (;;) {
    const due = readModel.devicesWithDueUploads(timeNow(deps), devicesAtOnce);
    await Promise.all(
      due.map(async (deviceId) => {
        // One event a decision: each upload ends by an event of its own.
        while ((await run(deps, deviceId, origin, expire)).events.length > 0);
      }),
    );
    if (due.length < devicesAtOnce) return;
  }
}

/** Has a command decided against the device's uploads. */
function run(
  deps: Deps,
  deviceId: string,
  origin: RequestContext,
  command: () => UploadCommand,
): Promise<Executed<DeviceUploads, FileUploadEvent>> {
  const { readModel } = deps;
  const load = (): Loaded<DeviceUploads> => {
    const found = readModel.fileUploads(deviceId);
    if (found !== undefined) return { state: found.value, sequence: found.sequence };
    return { state: noUploads(readModel.device(deviceId)?.value.generationId ?? ""), sequence: 0 };
  };
  const decide = (uploads: DeviceUploads): readonly FileUploadEvent[] => decideUploads(command(), uploads);
  const key = { aggregate: "upload", id: deviceId } as const;
  return deps.inTurn(deviceId, () => execute({ ...deps, key, load, decide, meta: newEventMeta(deps, origin) }));
}
