import { type ConnectionState, neverConnected } from "../../core/connection/connection.ts";
import type { LiveDevice } from "../../core/identity/device.ts";
import { edgeScope } from "../../core/identity/edge-scope.ts";
import type { LiveModule } from "../../core/identity/module.ts";
import type { JsonObject } from "../../core/json.ts";
import { twinDocument } from "../../core/twin/document.ts";
import { stampAll } from "../../core/twin/metadata.ts";
import type { TwinSection } from "../../core/twin/twin.ts";
import { dawn, deviceFields, sealedSas } from "./events.ts";

/** What a twin holds and what is known of its connection. What is left out was never set. */
type TwinContent = {
  readonly connected?: boolean;
  /** ISO 8601, UTC. */
  readonly lastActivityTime?: string;
  readonly tags?: JsonObject;
  readonly desired?: JsonObject;
  /** `$version` of the desired properties: one more than the writes that made them. */
  readonly desiredVersion?: number;
  /** When the desired properties were last written. */
  readonly desiredUpdated?: string;
  readonly reported?: JsonObject;
  /** The status of each automatic configuration on this twin, by its id. */
  readonly configurations?: Readonly<Record<string, "Applied" | "Targeted">>;
};

/** A device of spec/query-language A: its identity, twin and connection. */
export type DeviceFixture = TwinContent & {
  readonly deviceId: string;
  readonly generationId: string;
  readonly status?: "enabled" | "disabled";
  readonly iotEdge?: boolean;
  /** The IoT Edge device above this one. */
  readonly parent?: string;
};

/** A module of spec/query-language A. */
export type ModuleFixture = TwinContent & { readonly deviceId: string; readonly moduleId: string };

export const deviceFixtures: readonly DeviceFixture[] = [
  {
    deviceId: "dev-01",
    generationId: "11",
    connected: true,
    lastActivityTime: "2026-11-20T10:00:00.0000000Z",
    tags: { location: { region: "US", plant: "Redmond43" }, environment: "test", building: 9, deviceType: "sensor" },
    reported: {
      telemetryConfig: { sendFrequencyInSecs: 300, status: "Success" },
      connectivity: { type: "cellular" },
      chillerWaterSettings: { status: "pending", temperature: 80 },
      chillerProperties: { model: "4000x" },
      settings: { syncIntervalSec: 30 },
    },
    configurations: { my_config: "Applied" },
  },
  {
    deviceId: "dev-02",
    generationId: "12",
    lastActivityTime: "2026-11-01T08:00:00.0000000Z",
    tags: { location: { region: "US", plant: "Sofia" }, environment: "prod", building: 43 },
    reported: {
      telemetryConfig: { sendFrequencyInSecs: 30, status: "Pending" },
      connectivity: "wifi",
      settings: { syncIntervalSec: 60 },
    },
  },
  {
    deviceId: "dev-03",
    generationId: "13",
    status: "disabled",
    tags: { location: { region: "us" } },
    reported: { telemetryConfig: { sendFrequencyInSecs: "300", status: "Error" } },
  },
  {
    deviceId: "edge-01",
    generationId: "1",
    iotEdge: true,
    connected: true,
    lastActivityTime: "2026-11-21T09:00:00.0000000Z",
    tags: { environment: "test", building: 9, deviceName: "Edge gateway", group: { name: "g1" } },
    reported: { telemetryConfig: { sendFrequencyInSecs: 60, status: "Success" } },
    configurations: { my_config: "Targeted" },
  },
  { deviceId: "edge-02", generationId: "2", status: "disabled", iotEdge: true, parent: "edge-01" },
  {
    deviceId: "lora-05",
    generationId: "15",
    lastActivityTime: "2026-10-01T00:00:00.0000000Z",
    tags: { deviceType: "LoRa Concentrator" },
    desired: { DevAddr: "02AABBCC", AppKey: "k" },
    desiredUpdated: "2026-11-15T00:00:00.0000000Z",
    reported: { DevAddr: "02AABBCC" },
  },
];

export const moduleFixtures: readonly ModuleFixture[] = [
  {
    deviceId: "edge-01",
    moduleId: "$edgeAgent",
    desiredVersion: 5,
    reported: { lastDesiredVersion: 5, lastDesiredStatus: { code: 200 } },
    configurations: { deployment1: "Applied" },
  },
  { deviceId: "edge-01", moduleId: "$edgeHub", reported: { lastDesiredStatus: { code: 200 } } },
  {
    deviceId: "edge-01",
    moduleId: "opc",
    connected: true,
    tags: { network: "net1" },
    desired: { hostAddress: "wss://h1:5001" },
    reported: { __type__: "OpcPublisher", State: "Running" },
  },
  {
    deviceId: "edge-02",
    moduleId: "$edgeAgent",
    desiredVersion: 3,
    reported: { lastDesiredVersion: 3, lastDesiredStatus: { code: 400 } },
    configurations: { deployment1: "Applied" },
  },
  {
    deviceId: "dev-01",
    moduleId: "m1",
    tags: { environment: "test", building: 9, location: "US" },
    reported: { status: "scanning" },
  },
];

const jobRow = (jobId: string, deviceId: string, jobType: string, status: string, at: string): JsonObject => ({
  deviceId,
  jobId,
  jobType,
  status,
  startTimeUtc: at,
  endTimeUtc: at,
  createdDateTimeUtc: at,
  lastUpdatedDateTimeUtc: at,
});

/** The rows of jobs on devices of spec/query-language A. */
export const jobRows: readonly JsonObject[] = [
  jobRow("j1", "dev-01", "scheduleUpdateTwin", "completed", "2026-11-10T00:00:00.000Z"),
  jobRow("j1", "dev-02", "scheduleUpdateTwin", "failed", "2026-11-10T00:00:00.000Z"),
  jobRow("j2", "dev-01", "scheduleDeviceMethod", "completed", "2026-11-12T00:00:00.000Z"),
];

/** The fixtures as twin documents, devices and modules apart. */
export const deviceTwins = (): readonly JsonObject[] => deviceFixtures.map((fixture) => documentOf(fixture, fixture));
export const moduleTwins = (): readonly JsonObject[] =>
  moduleFixtures.map((fixture) => documentOf(deviceOf(fixture.deviceId), fixture));

function deviceOf(deviceId: string): DeviceFixture {
  const found = deviceFixtures.find((fixture) => fixture.deviceId === deviceId);
  if (found === undefined) throw new TypeError(`no fixture ${deviceId}`);
  return found;
}

function documentOf(device: DeviceFixture, content: DeviceFixture | ModuleFixture): JsonObject {
  const { generationId } = device;
  const desired = sectionOf(content.desired, content.desiredVersion, content.desiredUpdated);
  const document = twinDocument({
    twin: {
      generationId,
      version: 2,
      etag: "AAAAAAAAAAE=",
      tags: content.tags ?? {},
      desired,
      reported: sectionOf(content.reported),
    },
    device: liveDevice(device),
    ...("moduleId" in content && { module: liveModule(content, generationId) }),
    connection: connectionOf(content, generationId),
    cloudToDeviceMessageCount: 0,
  });
  const statuses = Object.entries(content.configurations ?? {}).map(([id, status]) => [id, { status }]);
  return statuses.length === 0 ? document : { ...document, configurations: Object.fromEntries(statuses) };
}

const sectionOf = (values: JsonObject = {}, version = 1, $lastUpdated = dawn): TwinSection => ({
  values,
  metadata: stampAll(values, { $lastUpdated }),
  version,
});

const liveDevice = ({
  deviceId,
  generationId,
  status = "enabled",
  iotEdge = false,
  parent,
}: DeviceFixture): LiveDevice => ({
  status: "live",
  deviceId,
  generationId,
  etag: "MQ==",
  fields: deviceFields({
    status,
    capabilities: { iotEdge },
    deviceScope: iotEdge ? edgeScope(deviceId, generationId) : null,
    parentScopes: parent === undefined ? [] : [edgeScope(parent, deviceOf(parent).generationId)],
  }),
  statusUpdatedTime: null,
  createdTime: dawn,
});

const liveModule = ({ deviceId, moduleId }: ModuleFixture, generationId: string): LiveModule => ({
  status: "live",
  deviceId,
  moduleId,
  deviceGenerationId: generationId,
  generationId,
  etag: "MQ==",
  fields: { managedBy: null, authentication: sealedSas },
  createdTime: dawn,
});

const connectionOf = ({ connected = false, lastActivityTime }: TwinContent, generationId: string): ConnectionState => ({
  ...neverConnected,
  generationId,
  connected,
  lastActivityTime: lastActivityTime ?? null,
});
