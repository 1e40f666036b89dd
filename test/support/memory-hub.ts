import { createSecrets } from "../../adapters/secrets/secrets.ts";
import type { SharedAccessPolicy } from "../../core/access/policies.ts";
import { type CommandQueue, emptyQueue, evolveQueue } from "../../core/cloud-to-device/command-queue.ts";
import { neverConnected } from "../../core/connection/connection.ts";
import { type ConsumerGroup, evolveConsumerGroups } from "../../core/consumer-group/consumer-group.ts";
import type { AggregateKey, HubEvent, RecordedEvent } from "../../core/events.ts";
import { evolveUploads, noUploads } from "../../core/file-upload/evolve.ts";
import type { DeviceUploads } from "../../core/file-upload/file-upload.ts";
import { type DeviceState, evolveDevice, type LiveDevice } from "../../core/identity/device.ts";
import { evolveModule, type LiveModule, type ModuleState } from "../../core/identity/module.ts";
import type { Clock, Ids, Journal, ReadModel, Secrets, Versioned } from "../../core/ports.ts";

/**
 * The ports that identity and access need, in memory: for tests of use cases, where a real journal would only be slow.
 */
export type MemoryHub = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<
    ReadModel,
    | "device"
    | "devices"
    | "module"
    | "modules"
    | "connection"
    | "commandQueue"
    | "fileUploads"
    | "devicesWithDueUploads"
    | "policies"
    | "consumerGroups"
    | "applied"
    | "appliedSequence"
  >;
  readonly clock: Clock & { nowMs: number };
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly nodeId: string;
  readonly events: RecordedEvent[];
  /** While true the views follow only when somebody waits for them with `applied`. */
  lagging: boolean;
  /** Runs before an append is judged, so that a test can let another writer win. */
  beforeAppend: (key: AggregateKey, event: HubEvent) => Promise<void> | void;
};

const subjectOf = ({ aggregate, id, moduleId = "" }: AggregateKey): string => [aggregate, id, moduleId].join("/");

/** Makes an empty hub. Its clock stands still, and its random numbers count up from 1. */
export function memoryHub(): MemoryHub {
  const events: RecordedEvent[] = [];
  const lastSequences = new Map<string, number>();
  const views = memoryViews(events);
  let counter = 0;

  const hub: MemoryHub = {
    events,
    lagging: false,
    beforeAppend: () => {},
    nodeId: "node-1",
    secrets: createSecrets(new Uint8Array(32).fill(7)),
    ids: {
      uuid: () => `uuid-${++counter}`,
      randomInt: (limit) => ++counter % limit,
    },
    clock: {
      nowMs: Date.parse("2026-03-01T12:00:00.000Z"),
      now: () => hub.clock.nowMs,
      isoTime: (ms) => new Date(ms).toISOString(),
    },
    journal: {
      async append(key, { event, meta }, expectedSequence) {
        await hub.beforeAppend(key, event);
        const subject = subjectOf(key);
        const lastSequence = lastSequences.get(subject) ?? 0;
        if (expectedSequence !== undefined && expectedSequence !== lastSequence)
          return { appended: false, lastSequence };
        const sequence = events.length + 1;
        // Through JSON, as in the journal, so that a test would notice what does not survive it.
        events.push({ sequence, key, event: JSON.parse(JSON.stringify(event)) as HubEvent, meta });
        lastSequences.set(subject, sequence);
        if (!hub.lagging) views.applyUpTo(sequence);
        return { appended: true, sequence };
      },
    },
    readModel: {
      ...views.reads,
      async applied(sequence) {
        await Promise.resolve();
        views.applyUpTo(sequence);
      },
    },
  };
  return hub;
}

function memoryViews(events: readonly RecordedEvent[]) {
  const devices = new Map<string, Versioned<DeviceState>>();
  const modules = new Map<string, Versioned<ModuleState>>();
  const queues = new Map<string, Versioned<CommandQueue>>();
  const uploads = new Map<string, Versioned<DeviceUploads>>();
  let policies: Versioned<readonly SharedAccessPolicy[]> | undefined;
  let consumerGroups: Versioned<readonly ConsumerGroup[]> = { value: [], sequence: 0 };
  let applied = 0;

  const apply = ({ sequence, key, event }: RecordedEvent): void => {
    switch (event.type) {
      case "DeviceCreated":
      case "DeviceUpdated":
      case "DeviceDeleted": {
        const before = devices.get(key.id)?.value ?? { status: "absent" };
        devices.set(key.id, { value: evolveDevice(before, event), sequence });
        return;
      }
      case "ModuleCreated":
      case "ModuleUpdated":
      case "ModuleDeleted": {
        const subject = subjectOf(key);
        const before = modules.get(subject)?.value ?? { status: "absent" };
        modules.set(subject, { value: evolveModule(before, event), sequence });
        return;
      }
      case "SharedAccessPoliciesSet":
        policies = { value: event.data.policies, sequence };
        return;
      case "ConsumerGroupCreated":
      case "ConsumerGroupDeleted":
        consumerGroups = { value: evolveConsumerGroups(consumerGroups.value, event), sequence };
        return;
      case "CommandEnqueued":
      case "CommandDelivered":
      case "CommandCompleted":
      case "CommandAbandoned":
      case "CommandRejected":
      case "CommandExpired":
      case "CommandDeadLettered":
      case "CommandsPurged": {
        const queue = queues.get(key.id)?.value ?? emptyQueue(event.data.generationId);
        queues.set(key.id, { value: evolveQueue(queue, event, sequence), sequence });
        return;
      }
      case "FileUploadStarted":
      case "FileUploadCompleted":
      case "FileUploadExpired": {
        const before = uploads.get(key.id)?.value ?? noUploads(event.data.generationId);
        uploads.set(key.id, { value: evolveUploads(before, event), sequence });
        return;
      }
      case "MethodCalled":
      case "MethodDelivered":
      case "MethodAnswered":
      case "MethodFailed":
        return;
      case "DeviceConnected":
      case "DeviceDisconnected":
      case "SubscriptionsChanged":
      case "TwinUpdated":
      case "TwinReplaced":
      case "TwinConfigured":
      case "QueryIndexCreated":
      case "QueryIndexDeleted":
      case "ConfigurationCreated":
      case "ConfigurationUpdated":
      case "ConfigurationDeleted":
      case "ConfigurationMeasured":
      case "JobCreated":
      case "JobStarted":
      case "JobPlanned":
      case "JobCompleted":
      case "JobFailed":
      case "JobCancelled":
      case "JobTargetsForgotten":
      case "JobForgotten":
      case "JobChunkPlanned":
      case "JobChunkStarted":
      case "JobTargetsEnded":
      case "RegistryJobCreated":
      case "RegistryJobStarted":
      case "RegistryJobProgressed":
      case "RegistryJobCompleted":
      case "RegistryJobFailed":
      case "RegistryJobCancelled":
      case "TwinReportedPatched":
        throw new Error(`this memory has no view of ${event.type}`);
    }
  };

  const device = (deviceId: string): Versioned<LiveDevice> | undefined => {
    const found = devices.get(deviceId);
    return found?.value.status === "live" ? { value: found.value, sequence: found.sequence } : undefined;
  };
  const visible = ({ value, sequence }: Versioned<ModuleState>): Versioned<LiveModule> | undefined =>
    value.status === "live" && device(value.deviceId)?.value.generationId === value.deviceGenerationId
      ? { value, sequence }
      : undefined;

  return {
    applyUpTo(sequence: number): void {
      for (; applied < sequence; applied += 1) {
        const event = events[applied];
        if (event === undefined) throw new Error(`nothing was appended at ${sequence}`);
        apply(event);
      }
    },
    reads: {
      device,
      devices: (limit: number) => {
        const live = [...devices.keys()].sort().flatMap((deviceId) => device(deviceId)?.value ?? []);
        return live.slice(0, limit);
      },
      module: (deviceId: string, moduleId: string) => {
        const found = modules.get(subjectOf({ aggregate: "identity", id: deviceId, moduleId }));
        return found && visible(found);
      },
      modules: (deviceId: string) =>
        [...modules.values()]
          .flatMap((each) => visible(each)?.value ?? [])
          .filter((each) => each.deviceId === deviceId),
      connection: () => neverConnected,
      commandQueue: (deviceId: string) => queues.get(deviceId),
      fileUploads: (deviceId: string) => uploads.get(deviceId),
      devicesWithDueUploads: (now: string, limit: number) => {
        const isDue = (deviceId: string) =>
          uploads.get(deviceId)?.value.inFlight.some(({ expiresAt }) => expiresAt <= now) === true;
        return [...uploads.keys()].filter(isDue).slice(0, limit);
      },
      policies: () => policies,
      consumerGroups: () => consumerGroups,
      appliedSequence: () => applied,
    },
  };
}

/** A refusal as `assert.rejects` and `assert.throws` compare it. */
export const refusal = (reason: string, message?: string | RegExp) => ({
  name: "HubError",
  reason,
  ...(message !== undefined && { message }),
});
