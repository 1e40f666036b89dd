import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { D2cMessage } from "../../../../core/device-to-cloud/message.ts";
import { createTelemetry, type TelemetrySource } from "../../../../core/device-to-cloud/telemetry.ts";
import { assertRefused, openHttp, type Script } from "./http-fixture.ts";

const url = "/devices/dev-1/messages/events?api-version=2021-04-12";

/** The core's own rules over a log that keeps what it gets and stores it when told to. */
function telemetry() {
  const stored: D2cMessage[] = [];
  const core = createTelemetry({
    open: () => ({
      send(message, done) {
        stored.push(message);
        queueMicrotask(() => done());
        return true;
      },
    }),
    whenReady: (ready) => ready(),
  });
  const script: Script = {
    "telemetry.sendAll": (source: TelemetrySource, messages: readonly D2cMessage[]) => core.sendAll(source, messages),
  };
  return { stored, script };
}

// spec/http-api 9.1
test("a body of any type is a message, its properties are its headers", async () => {
  const { stored, script } = telemetry();
  await using http = await openHttp(script);
  const body = Buffer.from([0, 255, 1, 2, 0x7b]);
  for (const type of [undefined, "application/octet-stream", "binary/octet-stream", "application/json", "text/plain"]) {
    const headers = { authorization: "SharedAccessSignature x", "iothub-app-a": "1", "IoTHub-MessageId": "m" };
    const withType = { ...headers, ...(type !== undefined && { "content-type": type }) };
    const response = await http.send({ method: "POST", url, payload: body, headers: withType });
    assert.equal(response.statusCode, 204, type);
    assert.equal(response.headers["content-length"], "0");
  }
  assert.equal(stored.length, 5);
  for (const message of stored) {
    assert.deepEqual(Buffer.from(message.body), body);
    assert.deepEqual(message.properties.system, { "message-id": "m" });
    assert.deepEqual([...message.properties.application], [["a", "1"]]);
  }
});

// spec/http-api 10: chunked in; spec/messaging 1.1: empty bodies
test("a body may come in chunks, or be empty", async () => {
  const { stored, script } = telemetry();
  await using http = await openHttp(script);
  const chunked = { "transfer-encoding": "chunked" };
  await http.send({
    method: "POST",
    url,
    payload: Readable.from([Buffer.from("he"), Buffer.from("llo")]),
    headers: chunked,
  });
  assert.equal((await http.send({ method: "POST", url })).statusCode, 204);
  assert.equal((await http.send({ method: "POST", url, headers: { "content-type": "text/plain" } })).statusCode, 204);
  assert.deepEqual(
    stored.map(({ body }) => Buffer.from(body).toString()),
    ["hello", "", ""],
  );
});

// spec/identity-and-security 5.5
test("a device and a module prove themselves; the request stands for a connection", async () => {
  const sources: TelemetrySource[] = [];
  await using http = await openHttp({ "telemetry.sendAll": (source: TelemetrySource) => void sources.push(source) });
  const headers = { authorization: "SharedAccessSignature x" };
  const response = await http.send({ method: "POST", url: "/devices/Dev%231/modules/m/messages/events/", headers });
  assert.equal(response.statusCode, 204);
  assert.deepEqual(http.only("deviceAccess.authenticate"), [
    { deviceId: "Dev#1", moduleId: "m", token: "SharedAccessSignature x" },
  ]);
  assert.equal(sources[0]?.principal.moduleId, "m");
  assert.equal(sources[0]?.connectionId, response.headers["x-ms-request-id"]);
});

// spec/http-api 9.1
test("the answer waits until all is stored", async () => {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  await using http = await openHttp({
    "telemetry.sendAll": () => {
      reached.resolve();
      return gate.promise;
    },
  });
  let answered = false;
  const response = http.send({ method: "POST", url, payload: "x" }).then((answer) => {
    answered = true;
    return answer;
  });
  await reached.promise;
  assert.equal(answered, false);
  gate.resolve();
  assert.equal((await response).statusCode, 204);
});

// spec/http-api 9.1
test("a batch is stored message by message", async () => {
  const { stored, script } = telemetry();
  await using http = await openHttp(script);
  const headers = { "content-type": "application/vnd.microsoft.iothub.json", "iothub-app-ofTheRequest": "x" };
  const payload = [
    { body: "YQ==", properties: { "iothub-app-n": "1" } },
    { body: "b", base64Encoded: false },
  ];
  const response = await http.send({ method: "POST", url, payload: JSON.stringify(payload), headers });
  assert.equal(response.statusCode, 204);
  assert.deepEqual(
    stored.map(({ body, properties }) => [Buffer.from(body).toString(), [...properties.application]]),
    [
      ["a", [["n", "1"]]],
      ["b", []],
    ],
  );
  assertRefused(await http.send({ method: "POST", url, payload: "{}", headers }), 400, "IotHubFormatError");
  assertRefused(await http.send({ method: "POST", url, headers }), 400, "IotHubFormatError");
});

// spec/http-api 9.1: 413001
test("256 KiB are a message, one byte more is too large, and so is far more", async () => {
  const { stored, script } = telemetry();
  await using http = await openHttp(script);
  const send = (sizeBytes: number) => http.send({ method: "POST", url, payload: Buffer.alloc(sizeBytes) });
  assert.equal((await send(262_144)).statusCode, 204);
  assertRefused(await send(262_145), 413, "MessageTooLarge");
  assertRefused(await send(2_000_000), 413, "MessageTooLarge");
  assert.equal(stored.length, 1);
});

// spec/http-api 9.1: 413001
test("a batch counts decoded, and 256 KiB is its limit as a whole", async () => {
  const { stored, script } = telemetry();
  await using http = await openHttp(script);
  const headers = { "content-type": "application/vnd.microsoft.iothub.json" };
  const half = { body: Buffer.alloc(131_072).toString("base64") };
  const send = (batch: unknown[]) => http.send({ method: "POST", url, payload: JSON.stringify(batch), headers });
  assert.equal((await send([half, half])).statusCode, 204);
  assertRefused(await send([half, half, { body: "YQ==" }]), 413, "MessageTooLarge");
  assert.equal(stored.length, 2);
});
