import type { RecordedEvent } from "../../core/events.ts";
import type { TwinVersions } from "../../core/twin/twin.ts";
import { twinConfigured } from "./configuration-events.ts";
import * as facts from "./events.ts";

type Device = {
  readonly deviceId: string;
  generationId: string;
  connections: number;
  connected: boolean;
  versions: TwinVersions;
  /** Cloud-to-device messages that were sent, and of those that came to an end. */
  sent: number;
  completed: number;
  /** File uploads that were begun, and whether the last of them is under way. */
  uploads: number;
  uploading: boolean;
};

/**
 * The life of a fleet, `count` events long, the same for the same arguments: devices are created, connect, subscribe,
 * report, are sent messages, upload files, are configured, disabled, deleted and created again, every tenth with a module.
 */
export const mixedEvents = (count: number, deviceCount: number): readonly RecordedEvent[] =>
  facts.record(Array.from(mixedFacts(count, deviceCount)));

/** The same life, a fact at a time, for more of it than memory would hold. */
export function* mixedFacts(count: number, deviceCount: number): Generator<facts.Fact, void, void> {
  const next = randomNumbers(count + deviceCount);
  const fleet: Device[] = [];
  let generation = 638_000_000_000_000_000n;
  let told = 0;
  while (told < count) {
    const device = fleet.length < deviceCount && next(4) === 0 ? undefined : fleet[next(fleet.length)];
    const newGeneration = (): string => String(++generation);
    const happened = device ? step(device, next, newGeneration) : birth(fleet, newGeneration());
    for (const fact of happened.slice(0, count - told)) yield fact;
    told += happened.length;
  }
}

/** Adds a device to the fleet, every tenth with a module. */
function birth(fleet: Device[], generationId: string): readonly facts.Fact[] {
  const deviceId = `device-${String(fleet.length).padStart(6, "0")}`;
  const nothing = { connections: 0, connected: false, sent: 0, completed: 0, uploads: 0, uploading: false };
  fleet.push({ deviceId, generationId, versions: facts.bornVersions, ...nothing });
  const created = facts.deviceCreated(deviceId, { generationId });
  if (fleet.length % 10 > 0) return [created];
  return [created, facts.moduleCreated(deviceId, "module", { deviceGenerationId: generationId })];
}

/** A linear congruential generator (Numerical Recipes' constants): `next(n)` is below n. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function step(device: Device, next: (limit: number) => number, newGeneration: () => string): readonly facts.Fact[] {
  const { deviceId, generationId } = device;
  const connectionId = `${deviceId}-${device.connections}`;
  const choice = next(100);
  if (choice < 45) return [report(device, next(1000))];
  if (choice < 50) return [command(device)];
  if (choice < 52) return [upload(device)];
  if (choice < 65) return [configure(device, next(1000))];
  if (choice < 68) return [facts.deviceUpdated(deviceId, { status: next(2) ? "disabled" : "enabled" }, generationId)];
  if (choice < 69) return recreate(device, newGeneration());
  if (!device.connected) {
    device.connected = true;
    device.connections += 1;
    return [facts.connected({ deviceId }, { generationId, connectionId: `${deviceId}-${device.connections}` })];
  }
  if (choice < 85) {
    device.connected = false;
    return [facts.disconnected({ deviceId }, { generationId, connectionId })];
  }
  const filter = `devices/${deviceId}/messages/devicebound/#`;
  return [facts.subscribed({ deviceId }, [{ filter, qos: 1 }], { generationId, connectionId })];
}

function report(device: Device, value: number): facts.Fact {
  const { deviceId, generationId, versions: before } = device;
  const reported = { temperature: value / 10, [`sensor${value % 7}`]: { state: "on", count: value }, interval: value };
  const fact = facts.reportedPatched({ deviceId }, reported, { generationId, before });
  const { version, reportedVersion } = before;
  device.versions = { ...before, version: version + 1, reportedVersion: reportedVersion + 1 };
  return fact;
}

function command(device: Device): facts.Fact {
  const { deviceId, generationId } = device;
  if (device.sent - device.completed < 3) return facts.commandEnqueued(deviceId, ++device.sent, { generationId });
  return facts.commandCompleted(deviceId, ++device.completed, { generationId });
}

function upload(device: Device): facts.Fact {
  const { deviceId, generationId } = device;
  device.uploading = !device.uploading;
  if (device.uploading) return facts.uploadStarted(deviceId, ++device.uploads, { generationId });
  return facts.uploadCompleted(deviceId, device.uploads, { generationId });
}

function configure(device: Device, value: number): facts.Fact {
  const { deviceId, generationId, versions: before } = device;
  const content = {
    tags: { building: `b${value % 50}` },
    desired: { interval: value, mode: { name: `m${value % 5}` } },
  };
  const { version, desiredVersion } = before;
  device.versions = { ...before, version: version + 1, desiredVersion: desiredVersion + 1, etag: "AAAAAAAAAAI=" };
  if (value % 20 > 0) return facts.twinUpdated({ deviceId }, content, { generationId, before });
  const configurationId = `c${value % 3}`;
  const configurations = value % 60 > 0 ? ({ [configurationId]: { status: "Applied" } } as const) : {};
  const written = [{ configurationId, digest: "digest", properties: { interval: true } }];
  const { desired } = content;
  return twinConfigured({ deviceId }, configurations, { generationId, before, desired, written });
}

function recreate(device: Device, generationId: string): readonly facts.Fact[] {
  const deleted = facts.deviceDeleted(device.deviceId, device.generationId);
  const versions = facts.bornVersions;
  Object.assign(device, {
    generationId,
    connected: false,
    versions,
    sent: 0,
    completed: 0,
    uploads: 0,
    uploading: false,
  });
  return [deleted, facts.deviceCreated(device.deviceId, { generationId })];
}
