import type { JsonObject } from "../../core/json.ts";
import { dawn } from "./events.ts";

/** A query over the fixtures: the ids of whole rows that it gives (a job's with a slash before the device's), or its own rows. */
export type AppendixQuery = { readonly number: string; readonly query: string } & (
  | { readonly rows: readonly string[]; readonly raw?: never }
  | { readonly raw: readonly JsonObject[]; readonly rows?: never }
);

const all = ["dev-01", "dev-02", "dev-03", "edge-01", "edge-02", "lora-05"] as const;
const ids = (...deviceIds: readonly string[]): JsonObject[] => deviceIds.map((deviceId) => ({ deviceId }));
const activity = {
  "dev-01": "2026-11-20T10:00:00.0000000Z",
  "dev-02": "2026-11-01T08:00:00.0000000Z",
  "edge-01": "2026-11-21T09:00:00.0000000Z",
  "lora-05": "2026-10-01T00:00:00.0000000Z",
} as const;
const never = "0001-01-01T00:00:00Z";

/** The columns that IoT Explorer asks for; it names one as the identity does, and a model id is never there. */
const explorer = `SELECT deviceId as DeviceId, status as Status, lastActivityTime as LastActivityTime, \
statusUpdatedTime as StatusUpdatedTime, authenticationType as AuthenticationType, \
cloudToDeviceMessageCount as CloudToDeviceMessageCount, connectionState as ConnectionState, \
capabilities.iotEdge as IotEdge, modelId as ModelId FROM devices`;
const explorerRow = (DeviceId: string, Status: string, ConnectionState: string, LastActivityTime: string) => ({
  DeviceId,
  Status,
  LastActivityTime,
  StatusUpdatedTime: never,
  AuthenticationType: "sas",
  CloudToDeviceMessageCount: 0,
  ConnectionState,
  IotEdge: DeviceId.startsWith("edge"),
});
const edge01 = explorerRow("edge-01", "enabled", "Connected", activity["edge-01"]);
const edge02 = explorerRow("edge-02", "disabled", "Disconnected", never);

const neverDesired: JsonObject = { $metadata: { $lastUpdated: dawn }, $version: 1 };
const tags = {
  "dev-01": {
    location: { region: "US", plant: "Redmond43" },
    environment: "test",
    building: 9,
    deviceType: "sensor",
  },
  "dev-02": { location: { region: "US", plant: "Sofia" }, environment: "prod", building: 43 },
  "dev-03": { location: { region: "us" } },
  "edge-01": { environment: "test", building: 9, deviceName: "Edge gateway", group: { name: "g1" } },
} as const;

/** spec/query-language B, all but the conditions. */
export const deviceQueries: readonly AppendixQuery[] = [
  { number: "1", query: "SELECT * FROM devices", rows: all },
  { number: "2", query: "SELECT * FROM Devices", rows: all },
  { number: "3", query: "SELECT COUNT() as totalNumberOfDevices FROM devices", raw: [{ totalNumberOfDevices: 6 }] },
  { number: "4", query: "SELECT * FROM devices WHERE tags.location.region = 'US'", rows: ["dev-01", "dev-02"] },
  {
    number: "5",
    query:
      "SELECT * FROM devices WHERE tags.location.region = 'US' AND properties.reported.telemetryConfig.sendFrequencyInSecs >= 60",
    rows: ["dev-01"],
  },
  {
    number: "6",
    query: "SELECT * FROM devices WHERE properties.reported.connectivity IN ['wired', 'wifi']",
    rows: ["dev-02"],
  },
  {
    number: "7",
    query: "SELECT * FROM devices WHERE is_defined(properties.reported.connectivity)",
    rows: ["dev-01", "dev-02"],
  },
  {
    number: "8",
    query:
      "SELECT properties.reported.telemetryConfig.status AS status, COUNT() AS numberOfDevices FROM devices GROUP BY properties.reported.telemetryConfig.status",
    raw: [
      { numberOfDevices: 2 },
      { status: "Error", numberOfDevices: 1 },
      { status: "Pending", numberOfDevices: 1 },
      { status: "Success", numberOfDevices: 2 },
    ],
  },
  {
    number: "9",
    query:
      "SELECT DeviceId, LastActivityTime FROM devices WHERE status = 'enabled' AND connectionState = 'Disconnected'",
    raw: [
      { deviceId: "dev-02", lastActivityTime: activity["dev-02"] },
      { deviceId: "lora-05", lastActivityTime: activity["lora-05"] },
    ],
  },
  {
    number: "10",
    query: "SELECT LastActivityTime FROM devices WHERE status = 'enabled'",
    raw: Object.values(activity).map((lastActivityTime) => ({ lastActivityTime })),
  },
  { number: "11", query: "SELECT * FROM devices WHERE tags.location.plant = 'Redmond43'", rows: ["dev-01"] },
  {
    number: "12",
    query:
      "SELECT * FROM devices WHERE tags.location.plant = 'Redmond43' AND properties.reported.connectivity.type = 'cellular'",
    rows: ["dev-01"],
  },
  { number: "13", query: "SELECT * FROM devices WHERE tags.[[group]].name = 'g1'", rows: ["edge-01"] },
  {
    number: "14",
    query: "SELECT deviceId FROM devices WHERE properties.reported.chillerWaterSettings.status='pending'",
    raw: ids("dev-01"),
  },
  {
    number: "15",
    query:
      "/* Include the double brackets. */ SELECT deviceId FROM devices WHERE configurations.[[my_config]].status='Applied'",
    raw: ids("dev-01"),
  },
  {
    number: "16",
    query: "SELECT deviceId FROM devices WHERE properties.reported.chillerWaterSettings.temperature > 75",
    raw: ids("dev-01"),
  },
  {
    number: "17",
    query: "select deviceId from devices where tags.environment='test'",
    raw: ids("dev-01", "edge-01"),
  },
  {
    number: "23",
    query: "select * from devices where capabilities.iotEdge = true",
    rows: ["edge-01", "edge-02"],
  },
  {
    number: "24",
    query: "SELECT * FROM DEVICES where capabilities.iotEdge=false",
    rows: ["dev-01", "dev-02", "dev-03", "lora-05"],
  },
  { number: "25", query: `${explorer} WHERE STARTSWITH(devices.deviceId, 'edge')`, raw: [edge01, edge02] },
  {
    number: "26, enabled",
    query: `${explorer} WHERE (status='enabled')`,
    raw: [
      explorerRow("dev-01", "enabled", "Connected", activity["dev-01"]),
      explorerRow("dev-02", "enabled", "Disconnected", activity["dev-02"]),
      edge01,
      explorerRow("lora-05", "enabled", "Disconnected", activity["lora-05"]),
    ],
  },
  { number: "26, edge", query: `${explorer} WHERE (capabilities.iotEdge=true)`, raw: [edge01, edge02] },
  {
    number: "27",
    query: "SELECT * FROM devices WHERE STARTSWITH(id, 'dev')",
    rows: ["dev-01", "dev-02", "dev-03"],
  },
  {
    number: "28",
    query: "select deviceId from devices where not startswith(deviceId, 'dev') and not startswith(deviceId, 'lora')",
    raw: ids("edge-01", "edge-02"),
  },
  {
    number: "29",
    query: "select deviceId from devices where array_contains(parentScopes, 'ms-azure-iot-edge://edge-01-1')",
    raw: ids("edge-02"),
  },
  {
    number: "30",
    query: "SELECT deviceId, deviceScope FROM devices",
    raw: [
      ...ids("dev-01", "dev-02", "dev-03"),
      { deviceId: "edge-01", deviceScope: "ms-azure-iot-edge://edge-01-1" },
      { deviceId: "edge-02", deviceScope: "ms-azure-iot-edge://edge-02-2" },
      ...ids("lora-05"),
    ],
  },
  {
    number: "31",
    query:
      "SELECT COUNT() as totalNumber FROM devices WHERE devices.capabilities.iotEdge = false AND (NOT is_defined(tags.deviceType) OR devices.tags.deviceType != 'LoRa Concentrator')",
    raw: [{ totalNumber: 3 }],
  },
  {
    number: "32",
    query:
      "SELECT COUNT() as totalNumber FROM devices WHERE devices.capabilities.iotEdge = true AND connectionState = 'Connected'",
    raw: [{ totalNumber: 1 }],
  },
  {
    number: "33",
    query:
      "SELECT COUNT() as totalNumber FROM devices WHERE devices.capabilities.iotEdge = false AND devices.tags.deviceType = 'none'",
    raw: [{ totalNumber: 0 }],
  },
  {
    number: "34",
    query:
      "SELECT * FROM devices WHERE devices.capabilities.iotEdge = true AND (STARTSWITH(deviceId, 'Edge') OR (is_defined(tags.deviceName) AND STARTSWITH(tags.deviceName, 'Edge')))",
    rows: ["edge-01"],
  },
  {
    number: "35",
    query: "SELECT * FROM devices WHERE devices.capabilities.iotEdge = true AND status = 'disabled'",
    rows: ["edge-02"],
  },
  {
    number: "36",
    query:
      "SELECT deviceId, tags, properties.desired FROM devices WHERE (NOT IS_DEFINED (tags.deviceType) OR tags.deviceType <> 'LoRa Concentrator') AND (capabilities.iotEdge = false)",
    raw: (["dev-01", "dev-02", "dev-03"] as const).map((deviceId) => ({
      deviceId,
      tags: tags[deviceId],
      desired: neverDesired,
    })),
  },
  {
    number: "37",
    query:
      "SELECT * FROM devices WHERE is_defined(properties.desired.AppKey) OR is_defined(properties.desired.AppSKey) OR is_defined(properties.desired.NwkSKey)",
    rows: ["lora-05"],
  },
  {
    number: "38",
    query:
      "SELECT * FROM devices where properties.desired.$metadata.$lastUpdated >= '2026-11-10T00:00:00.0000000Z' OR properties.reported.$metadata.DevAddr.$lastUpdated >= '2026-11-10T00:00:00.0000000Z'",
    rows: ["lora-05"],
  },
  {
    number: "39",
    query:
      "SELECT * FROM devices WHERE properties.desired.DevAddr = '02AABBCC' OR properties.reported.DevAddr ='02AABBCC'",
    rows: ["lora-05"],
  },
  {
    number: "40",
    query: "SELECT deviceId FROM devices WHERE lastActivityTime < '2026-11-19T10:00:00.000Z'",
    raw: ids("dev-02", "dev-03", "edge-02", "lora-05"),
  },
  {
    number: "41",
    query: "SELECT deviceId, lastActivityTime FROM devices WHERE lastActivityTime >= '2026-11-20T09:00:00Z'",
    raw: (["dev-01", "edge-01"] as const).map((deviceId) => ({ deviceId, lastActivityTime: activity[deviceId] })),
  },
  {
    number: "42",
    query: "SELECT COUNT() AS numberOfConnectedDevices FROM devices WHERE connectionState = 'Connected'",
    raw: [{ numberOfConnectedDevices: 2 }],
  },
  {
    number: "43",
    query:
      "SELECT * FROM devices WHERE tags.location.region = 'US' AND tags.location.plant != 'Sofia' AND deviceId IN ['dev-01', 'dev-02', 'dev-03']",
    rows: ["dev-01"],
  },
  {
    number: "44",
    query: "SELECT tags FROM devices WHERE is_defined(tags.deviceName)",
    raw: [{ tags: tags["edge-01"] }],
  },
  {
    number: "45",
    query: "SELECT * from devices where tags.environment = 'test' OR STARTSWITH(deviceId,'lora')",
    rows: ["dev-01", "edge-01", "lora-05"],
  },
];
