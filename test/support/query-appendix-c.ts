import type { AppendixQuery } from "./query-appendix-b.ts";

/** A condition that stands alone, as jobs and configurations have them, and the ids that it finds. */
export type AppendixTarget = { readonly number: string; readonly target: string; readonly rows: readonly string[] };

const deployment = "moduleId = '$edgeAgent' and configurations.[[deployment1]].status";
const reachedDesired = "properties.desired.$version = properties.reported.lastDesiredVersion";

/** spec/query-language C, all but the condition. */
export const moduleAndJobQueries: readonly AppendixQuery[] = [
  {
    number: "46",
    query: "Select * from devices.modules where properties.reported.status = 'scanning'",
    rows: ["dev-01/m1"],
  },
  {
    number: "47",
    query:
      "SELECT * FROM devices.modules WHERE properties.reported.status = 'scanning' AND deviceId IN ['dev-02', 'dev-03']",
    rows: [],
  },
  {
    number: "48",
    query: "SELECT deviceId, moduleId FROM devices.modules WHERE properties.reported.lastDesiredStatus.code = 200",
    raw: ["$edgeAgent", "$edgeHub"].map((moduleId) => ({ deviceId: "edge-01", moduleId })),
  },
  {
    number: "49",
    query: `select deviceId from devices.modules where ${deployment} = 'Applied'`,
    raw: [{ deviceId: "edge-01" }, { deviceId: "edge-02" }],
  },
  {
    number: "50",
    query: `select deviceId from devices.modules where ${deployment} = 'Applied' and ${reachedDesired} and properties.reported.lastDesiredStatus.code = 200`,
    raw: [{ deviceId: "edge-01" }],
  },
  {
    number: "51",
    query: `select deviceId from devices.modules where ${deployment} = 'Applied' and ${reachedDesired} and properties.reported.lastDesiredStatus.code != 200`,
    raw: [{ deviceId: "edge-02" }],
  },
  { number: "52", query: `select deviceId from devices.modules where ${deployment} != 'Applied'`, raw: [] },
  {
    number: "53",
    query: "select * from devices.modules where devices.deviceId = 'edge-01'",
    rows: ["edge-01/$edgeAgent", "edge-01/$edgeHub", "edge-01/opc"],
  },
  {
    number: "54",
    query: "SELECT * FROM devices.modules WHERE devices.modules.moduleId = '$edgeAgent' AND deviceId in ['edge-01']",
    rows: ["edge-01/$edgeAgent"],
  },
  {
    number: "55",
    query: "SELECT DeviceID FROM devices.modules WHERE devices.modules.moduleId = 'opc'",
    raw: [{ deviceId: "edge-01" }],
  },
  {
    number: "56",
    query: "SELECT properties.desired.hostAddress, deviceId FROM devices.modules WHERE tags.network = 'net1'",
    raw: [{ hostAddress: "wss://h1:5001", deviceId: "edge-01" }],
  },
  {
    number: "57",
    query: "SELECT * FROM devices.modules where connectionState = 'Connected'",
    rows: ["edge-01/opc"],
  },
  {
    number: "58",
    query: "SELECT * FROM devices.modules WHERE properties.reported.__type__ = 'OpcPublisher'",
    rows: ["edge-01/opc"],
  },
  {
    number: "59",
    query:
      "select properties.reported.State from devices.modules where devices.modules.moduleId = 'opc' and devices.deviceId = 'edge-01'",
    raw: [{ State: "Running" }],
  },
  {
    number: "61",
    query: "SELECT * FROM devices.jobs WHERE devices.jobs.deviceId = 'dev-01'",
    rows: ["j1/dev-01", "j2/dev-01"],
  },
  {
    number: "62",
    query:
      "SELECT * FROM devices.jobs WHERE devices.jobs.deviceId = 'dev-01' AND devices.jobs.jobType = 'scheduleUpdateTwin' AND devices.jobs.status = 'completed' AND devices.jobs.createdTimeUtc > '2026-09-01'",
    rows: ["j1/dev-01"],
  },
  {
    number: "63",
    query: "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j1'",
    rows: ["j1/dev-01", "j1/dev-02"],
  },
  {
    number: "64",
    query: "select * from devices.jobs where devices.jobs.jobId = 'j1' and devices.jobs.status = 'failed'",
    rows: ["j1/dev-02"],
  },
];

/** The conditions of spec/query-language B and C. */
export const appendixTargets: readonly AppendixTarget[] = [
  { number: "18", target: "tags.building=9 and tags.environment='test'", rows: ["dev-01", "edge-01"] },
  { number: "19", target: "properties.reported.chillerProperties.model='4000x'", rows: ["dev-01"] },
  { number: "20", target: "properties.reported.settings.syncIntervalSec != 30", rows: ["dev-02"] },
  { number: "21", target: "deviceId IN ['dev-01', 'dev-02', 'MyDevice3']", rows: ["dev-01", "dev-02"] },
  {
    number: "22",
    target: "IS_DEFINED(DeviceId)",
    rows: ["dev-01", "dev-02", "dev-03", "edge-01", "edge-02", "lora-05"],
  },
  { number: "60", target: "from devices.modules where tags.building=9", rows: ["dev-01/m1"] },
];
