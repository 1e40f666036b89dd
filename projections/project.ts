import { type CommandEvent, isCommandEvent } from "../core/cloud-to-device/command-event.ts";
import type { HubEvent, IdentityKey } from "../core/events.ts";
import { type FileUploadEvent, isFileUploadEvent } from "../core/file-upload/file-upload.ts";
import { isJobEvent, type JobEvent } from "../core/job/job-event.ts";
import type { CommandQueues } from "./command-queues.ts";
import type { Configurations } from "./configurations.ts";
import type { Connections } from "./connections.ts";
import type { ConsumerGroups } from "./consumer-groups.ts";
import type { FileUploadsView } from "./file-uploads.ts";
import type { Identities, IdentityChange } from "./identities.ts";
import type { Jobs } from "./jobs.ts";
import type { Policies } from "./policies.ts";
import type { QueryIndexList } from "./query-index-list.ts";
import type { RegistryJobsView } from "./registry-jobs.ts";
import type { TwinRow } from "./twin-rows.ts";
import { isSnapshotDue, type TwinSnapshots } from "./twin-snapshots.ts";
import type { Twins } from "./twins.ts";
import type { ViewedEvent } from "./viewed-event.ts";

/** The views that take events in. */
export type ViewParts = {
  readonly identities: Identities;
  readonly twins: Twins;
  readonly twinSnapshots: TwinSnapshots;
  readonly connections: Connections;
  readonly commandQueues: CommandQueues;
  readonly fileUploads: FileUploadsView;
  readonly jobs: Jobs;
  readonly policies: Policies;
  readonly consumerGroups: ConsumerGroups;
  readonly queryIndexes: QueryIndexList;
  readonly configurations: Configurations;
  readonly registryJobs: RegistryJobsView;
};

/** Hands an event to the view that it concerns. */
export function project(parts: ViewParts, { event, key, sequence }: ViewedEvent): void {
  if (isJobEvent(event)) parts.jobs.job(event, Number(key.moduleId), sequence);
  else if (isCommandEvent(event)) parts.commandQueues.command(key.id, event, sequence);
  else if (isFileUploadEvent(event)) parts.fileUploads.fileUpload(key.id, event, sequence);
  else projectOther(parts, event, { key, sequence });
}

type OtherEvent = Exclude<HubEvent, JobEvent | CommandEvent | FileUploadEvent>;

function projectOther(
  parts: ViewParts,
  event: OtherEvent,
  { key, sequence }: Pick<ViewedEvent, "key" | "sequence">,
): void {
  switch (event.type) {
    case "SharedAccessPoliciesSet":
      parts.policies.policies(event, sequence);
      break;
    case "QueryIndexCreated":
    case "QueryIndexDeleted":
      parts.queryIndexes.queryIndex(event, sequence);
      break;
    case "ConsumerGroupCreated":
    case "ConsumerGroupDeleted":
      parts.consumerGroups.consumerGroup(event, sequence);
      break;
    case "ConfigurationCreated":
    case "ConfigurationUpdated":
    case "ConfigurationDeleted":
    case "ConfigurationMeasured":
      parts.configurations.configuration(key.id, event, sequence);
      break;
    case "DeviceCreated":
    case "DeviceUpdated":
    case "DeviceDeleted":
      spread(parts, parts.identities.device(event, sequence));
      break;
    case "ModuleCreated":
    case "ModuleUpdated":
    case "ModuleDeleted":
      spread(parts, parts.identities.module(event, sequence));
      break;
    case "TwinUpdated":
    case "TwinReplaced":
    case "TwinConfigured":
    case "TwinReportedPatched":
      noteTwin(parts, identityOf(key), parts.twins.twin(identityOf(key), event, sequence));
      break;
    case "DeviceConnected":
    case "DeviceDisconnected":
    case "SubscriptionsChanged":
      parts.connections.connection(identityOf(key), event);
      break;
    case "RegistryJobCreated":
    case "RegistryJobStarted":
    case "RegistryJobProgressed":
    case "RegistryJobCompleted":
    case "RegistryJobFailed":
    case "RegistryJobCancelled":
      parts.registryJobs.registryJob(event, sequence);
      break;
    // A call is over with its answer: only the history keeps it.
    case "MethodCalled":
    case "MethodDelivered":
    case "MethodAnswered":
    case "MethodFailed":
      break;
  }
}

/** Keeps a snapshot of a twin, and of all that its document shows, where one is due. */
function noteTwin(parts: ViewParts, key: IdentityKey, row: TwinRow | undefined): void {
  if (row === undefined || !isSnapshotDue(row)) return;
  const { deviceId, moduleId } = key;
  const device = parts.identities.readDevice(deviceId)?.value;
  const module = moduleId === undefined ? undefined : parts.identities.readModule(deviceId, moduleId)?.value;
  if (device === undefined) return;
  const queue = moduleId === undefined ? parts.commandQueues.read(deviceId) : undefined;
  const cloudToDeviceMessageCount = queue?.value.pending.length ?? 0;
  const connection = parts.connections.read(key);
  const view = { twin: row.value, device, ...(module && { module }), connection, cloudToDeviceMessageCount };
  parts.twinSnapshots.note(key, { value: view, sequence: row.sequence });
}

/** Lets the birth or end of identities reach what hangs on them. */
function spread(
  { twins, connections, commandQueues, fileUploads }: ViewParts,
  changes: readonly IdentityChange[],
): void {
  for (const change of changes) {
    twins.identityChanged(change);
    connections.identityChanged(change);
    commandQueues.identityChanged(change);
    fileUploads.identityChanged(change);
  }
}

const identityOf = ({ id, moduleId }: ViewedEvent["key"]): IdentityKey =>
  moduleId === undefined ? { deviceId: id } : { deviceId: id, moduleId };
