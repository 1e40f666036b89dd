import assert from "node:assert/strict";
import { test } from "node:test";
import type { Collection } from "../../../query/ast.ts";
import { parseCondition } from "../../../query/parse-condition.ts";

const stepsOf = (path: string, collection: Collection) => {
  const condition = parseCondition(path, { collection, strict: true });
  assert.ok(condition.kind === "path");
  return condition.steps.join("/");
};

// spec/query-language 3, 7
const names: Record<Collection, Readonly<Record<string, string>>> = {
  devices: {
    DEVICEID: "deviceId",
    id: "deviceId",
    ID: "deviceId",
    "Devices.DeviceId": "deviceId",
    "devices.id": "deviceId",
    "tags.id": "tags/id",
    "TAGS.DeviceId": "tags/DeviceId",
    "devices.Tags.Tags": "tags/Tags",
    statusupdatedtime: "statusUpdateTime",
    StatusUpdateTime: "statusUpdateTime",
    "X509THUMBPRINT.PRIMARYTHUMBPRINT": "x509Thumbprint/primaryThumbprint",
    "Capabilities.IoTEdge": "capabilities/iotEdge",
    "Properties.Desired.Desired": "properties/desired/Desired",
    "PROPERTIES.REPORTED.$VERSION": "properties/reported/$version",
    "properties.reported.a.$Version": "properties/reported/a/$Version",
    "properties.desired.$Metadata.$LastUpdated": "properties/desired/$metadata/$lastUpdated",
    "properties.desired.$metadata.DevAddr.Sub.$LASTUPDATEDVERSION":
      "properties/desired/$metadata/DevAddr/Sub/$lastUpdatedVersion",
    "Configurations.[[My-Config]].Status": "configurations/My-Config/status",
    "configurations.Status.status": "configurations/Status/status",
    "configurations.a.b.Status": "configurations/a/b/Status",
    "[[DEVICEID]]": "deviceId",
    ["__proto__"]: "__proto__",
    "tags.__proto__.constructor": "tags/__proto__/constructor",
    // A field that no twin has: the row lacks it.
    myProp: "myProp",
    "devices.devices": "devices",
  },
  "devices.modules": {
    "devices.modules.moduleID": "moduleId",
    "devices.deviceId": "deviceId",
    ModuleId: "moduleId",
    "Devices.Modules.Properties.reported.Status": "properties/reported/Status",
  },
  "devices.jobs": {
    "devices.jobs.JobId": "jobId",
    "devices.deviceid": "deviceId",
    createdTimeUtc: "createdDateTimeUtc",
    CREATEDDATETIMEUTC: "createdDateTimeUtc",
    LastUpdatedDateTimeUtc: "lastUpdatedDateTimeUtc",
    "Outcome.DeviceMethodResponse.Payload": "outcome/deviceMethodResponse/Payload",
  },
};
for (const [collection, expected] of Object.entries(names)) {
  for (const [written, steps] of Object.entries(expected)) {
    test(`in ${collection} the path ${written} is ${steps}`, () => {
      assert.equal(stepsOf(written, collection as Collection), steps);
    });
  }
}
