import assert from "node:assert/strict";
import { test } from "node:test";
import { d2cProperties, headerPairs } from "../../../../adapters/http/d2c-properties.ts";

// spec/messaging 1.3
test("system properties are found under their HTTPS names, in any case", () => {
  const { system, application } = d2cProperties([
    ["IoTHub-MessageId", "m1"],
    ["iothub-correlationid", "c1"],
    ["IoTHub-UserId", "u1"],
    ["iothub-to", "%2Fdevices%2Fdev-1%2Fmessages%2Fevents"],
    ["IoTHub-Expiry", "2026-01-01T00:00:00Z"],
    ["iothub-contenttype", "application/json"],
    ["iothub-contentencoding", "utf-8"],
    ["iothub-interface-id", "urn:azureiot:Security:SecurityAgent:1"],
    ["dt-subject", "thermostat"],
  ]);
  assert.deepEqual(system, {
    "message-id": "m1",
    "correlation-id": "c1",
    "user-id": "u1",
    to: "%2Fdevices%2Fdev-1%2Fmessages%2Fevents",
    "absolute-expiry-time": "2026-01-01T00:00:00Z",
    "content-type": "application/json",
    "content-encoding": "utf-8",
    "iothub-interface-id": "urn:azureiot:Security:SecurityAgent:1",
    "dt-subject": "thermostat",
  });
  assert.equal(application.size, 0);
});

// spec/messaging 1.3, spec/http-api 9.1
test("application properties keep the case of their names; other headers are no part of the message", () => {
  const { system, application } = d2cProperties([
    ["Authorization", "SharedAccessSignature sig=secret"],
    ["Content-Type", "text/plain"],
    ["iothub-ack", "full"],
    ["iothub-operation", "d2c"],
    ["iothub-app-", "no name"],
    ["iothub-app-fanSpeed", "1"],
    ["IoTHub-App-fanSpeed", "2"],
    ["iothub-app-__proto__", "x"],
    ["iothub-app-iothub-connection-device-id", "other"],
  ]);
  assert.deepEqual(system, {});
  assert.deepEqual(
    [...application],
    [
      ["fanSpeed", "2"],
      ["__proto__", "x"],
      ["iothub-connection-device-id", "other"],
    ],
  );
});

test("header values are UTF-8 where they can be", () => {
  const utf8 = Buffer.from("grün", "utf8").toString("latin1");
  assert.deepEqual(
    [...headerPairs(["a", utf8, "b", "gr\u00fcn", "c", "plain"])],
    [
      ["a", "grün"],
      ["b", "grün"],
      ["c", "plain"],
    ],
  );
});
