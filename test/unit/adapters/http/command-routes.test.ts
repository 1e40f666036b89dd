import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { test } from "node:test";
import { commandHeaders } from "../../../../adapters/http/c2d-message.ts";
import type { FeedbackBatch } from "../../../../core/cloud-to-device/feedback.ts";
import { lockTokenOf, receivedCommand } from "../../../support/commands.ts";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const url = "/devices/dev-1/messages/devicebound?api-version=2021-04-12";
const token = lockTokenOf(1);
const of = (rest: string) => `/devices/dev-1/messages/deviceBound/${token}${rest}`;

// spec/http-api 9.2
test("a device receives a message, its properties in headers", async () => {
  const command = receivedCommand(1, {
    correlationId: "c",
    userId: "u",
    ack: "full",
    contentType: "text/plain",
    contentEncoding: "utf-8",
    properties: { Color: "ü" },
    deliveryCount: 2,
  });
  await using http = await openHttp({ "commands.receive": () => command });
  const response = await http.send({ method: "GET", url });
  assert.equal(response.statusCode, 200);
  assert.equal(response.body, "body 1");
  const { headers } = response;
  assert.equal(headers.etag, `"${token}"`);
  assert.deepEqual(
    Object.fromEntries(Object.entries(headers).filter(([name]) => /^(iothub|content(type|encoding)$)/.test(name))),
    {
      "iothub-messageid": "m1",
      "iothub-correlationid": "c",
      "iothub-userid": "u",
      "iothub-sequencenumber": "1",
      "iothub-deliverycount": "2",
      "iothub-to": "/devices/dev-1/messages/devicebound",
      "iothub-ack": "full",
      "iothub-expiry": "01/02/2026 03:04:05 AM",
      "iothub-enqueuedtime": "01/01/2026 12:00:00 AM",
      "iothub-app-color": Buffer.from("ü").toString("latin1"),
      contenttype: "text/plain",
      contentencoding: "utf-8",
    },
  );
  const [asked] = http.only("commands.receive") as [Record<string, unknown>];
  assert.deepEqual([asked.deviceId, asked.connectionId, asked.protocol], ["dev-1", null, "https"]);
  assert.deepEqual(asked.actor, { kind: "device", deviceId: "dev-1" });
  assert.equal("lockMs" in asked, false);
});

// spec/http-api 9.2: one SDK compares names letter by letter
test("headers go out in the case that they have, whatever a value holds", async (t) => {
  const command = receivedCommand(1, { contentType: "text/plain", properties: { Color: "ü ü" } });
  const server = createServer((_request, response) => {
    for (const [name, value] of Object.entries(commandHeaders(command))) response.setHeader(name, value ?? "");
    response.end();
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((listening) => server.once("listening", listening));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const names = await new Promise<readonly string[]>((resolve, reject) => {
    request({ port: address.port, host: "127.0.0.1" }, (response) => resolve(response.resume().rawHeaders))
      .on("error", reject)
      .end();
  });
  for (const name of ["ETag", "ContentType", "iothub-app-Color", "iothub-messageid"])
    assert.ok(names.includes(name), name);
});

// spec/http-api 9.2
test("an empty queue answers 204, and a HEAD locks nothing", async () => {
  await using http = await openHttp({ "commands.receive": () => undefined });
  const response = await http.send({ method: "GET", url });
  assert.deepEqual([response.statusCode, response.body, response.headers["content-length"]], [204, "", "0"]);
  assert.equal((await http.send({ method: "HEAD", url })).statusCode, 405);
  assert.equal(http.calls.filter(({ name }) => name === "commands.receive").length, 1);
});

// spec/http-api 9.2: Java and the CLI send a header, .NET a query
test("a device may ask for another lock timeout", async () => {
  await using http = await openHttp({ "commands.receive": () => undefined });
  await http.send({ method: "GET", url, headers: { "IotHub-MessageLockTimeout": "30" } });
  await http.send({ method: "GET", url: `${url}&iothub-messagelocktimeout=300` });
  const asked = http.calls.filter(({ name }) => name === "commands.receive");
  assert.deepEqual(
    asked.map(({ args }) => (args[0] as { lockMs?: number }).lockMs),
    [30_000, 300_000],
  );
  for (const seconds of ["4", "301", "1.5", "x", ""]) {
    const response = await http.send({ method: "GET", url: `${url}&iothub-messagelocktimeout=${seconds}` });
    assertRefused(response, 400, "ArgumentInvalid");
  }
});

// spec/http-api 9.2
test("a device completes, rejects and abandons by the lock token, in each form that SDKs use", async () => {
  await using http = await openHttp({ "commands.settle": () => Promise.resolve() });
  const requests = [
    ["DELETE", of("?api-version=2021-04-12"), "complete"],
    ["DELETE", of("?api-version=2021-04-12&reject"), "reject"],
    ["DELETE", of("?reject="), "reject"],
    ["DELETE", of("?api-version=2021-04-12&%3Freject=true"), "reject"],
    ["POST", of("/abandon?api-version=2021-04-12"), "abandon"],
  ] as const;
  for (const [method, path, settlement] of requests) {
    // Java sends a byte with its POST.
    const payload = method === "POST" ? Buffer.of(0) : undefined;
    const headers = { "if-match": token };
    const response = await http.send({ method, url: path, headers, ...(payload && { payload }) });
    assert.deepEqual([response.statusCode, response.body], [204, ""], path);
    const { deviceId, lockToken, settlement: done } = (http.calls.at(-1)?.args[0] ?? {}) as Record<string, unknown>;
    assert.deepEqual([deviceId, lockToken, done], ["dev-1", token, settlement]);
  }
});

// spec/http-api 11.3
test("a lock that is lost answers 412", async () => {
  await using http = await openHttp({ "commands.settle": refuse("DeviceMessageLockLost", "too late") });
  assertRefused(await http.send({ method: "DELETE", url: of("") }), 412, "DeviceMessageLockLost");
});

test("a back end sends a message over HTTPS, which is the hub's own way", async () => {
  const sent = { messageId: "m-1", sequenceNumber: 1, enqueuedTime: "t", expiresAt: "u" };
  await using http = await openHttp({ "commands.send": () => Promise.resolve(sent) });
  const headers = {
    "iothub-messageid": "m-1",
    "iothub-correlationid": "c",
    "iothub-userid": "u",
    "iothub-ack": "full",
    "iothub-expiry": "2026-01-01T01:00:00Z",
    "iothub-contenttype": "text/plain",
    "iothub-contentencoding": "utf-8",
    "iothub-app-Color": "red",
    "content-type": "text/plain",
  };
  const response = await http.send({ method: "POST", url, headers, payload: "hello" });
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), sent);
  const [asked] = http.only("commands.send") as [{ deviceId: string; message: object; actor: object }];
  assert.equal(asked.deviceId, "dev-1");
  assert.deepEqual(asked.message, {
    messageId: "m-1",
    correlationId: "c",
    userId: "u",
    ack: "full",
    contentType: "text/plain",
    contentEncoding: "utf-8",
    expiryMs: Date.parse("2026-01-01T01:00:00Z"),
    // Light-my-request lowers the case of names.
    properties: new Map([["color", "red"]]),
    body: Buffer.from("hello").toString("base64"),
  });
  assert.deepEqual(asked.actor, { kind: "policy", policy: "iothubowner" });
});

test("an empty message is one, and an expiry that is no time is left to core", async () => {
  await using http = await openHttp({ "commands.send": () => Promise.resolve({}) });
  await http.send({ method: "POST", url, headers: { "iothub-expiry": "soon" } });
  const [{ message }] = http.only("commands.send") as [{ message: object }];
  assert.deepEqual(message, { expiryMs: Number.NaN, properties: new Map(), body: "" });
});

// spec/http-api 2.2
test("a purge tells how many messages it dropped", async () => {
  await using http = await openHttp({ "commands.purge": () => Promise.resolve(3) });
  const response = await http.send({ method: "DELETE", url: "/devices/dev-1/commands?api-version=2021-04-12" });
  assert.equal(response.body, '{"totalMessagesPurged":3,"deviceId":"dev-1","moduleId":null}');
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["ServiceConnect"]);
  await using unknown = await openHttp({ "commands.purge": refuse("DeviceNotFound", "dev-1") });
  assertRefused(await unknown.send({ method: "DELETE", url: "/devices/dev-1/commands" }), 404, "DeviceNotFound");
});

test("what waits for a device can be listed, and one message asked for", async () => {
  const state = { messageId: "a/b", sequenceNumber: 1, state: "Enqueued" };
  await using http = await openHttp({
    "commands.pending": () => [state],
    "commands.state": () => Promise.resolve(state),
  });
  assert.deepEqual((await http.send({ method: "GET", url: "/devices/dev-1/commands" })).json(), [state]);
  assert.deepEqual((await http.send({ method: "GET", url: "/devices/dev-1/commands/a%2Fb" })).json(), state);
  assert.deepEqual(http.only("commands.state"), ["dev-1", "a/b"]);
});

// spec/http-api 2.7, spec/messaging 7
test("feedback is received with a token, and completed or abandoned by it once", async () => {
  const done: string[] = [];
  const batch = (number: number): FeedbackBatch => ({
    lockToken: lockTokenOf(number),
    records: [],
    complete: async () => void done.push(`complete ${number}`),
    abandon: () => void done.push(`abandon ${number}`),
  });
  const batches = [batch(1), batch(2)];
  await using http = await openHttp({ "feedback.take": () => Promise.resolve(batches.shift()) });
  const first = await http.send({ method: "GET", url: "/messages/serviceBound/feedback?api-version=2021-04-12" });
  assert.deepEqual([first.statusCode, first.body, first.headers.etag], [200, "[]", `"${lockTokenOf(1)}"`]);
  assert.equal(first.headers["content-type"], "application/vnd.microsoft.iothub.feedback.json");
  await http.send({ method: "GET", url: "/messages/servicebound/feedback" });
  assert.equal((await http.send({ method: "GET", url: "/messages/servicebound/feedback" })).statusCode, 204);
  const complete = { method: "DELETE", url: `/messages/serviceBound/feedback/${lockTokenOf(1)}` } as const;
  assert.equal((await http.send(complete)).statusCode, 204);
  assertRefused(await http.send(complete), 412, "DeviceMessageLockLost");
  const abandon = { method: "POST", url: `/messages/serviceBound/feedback/${lockTokenOf(2)}/abandon` } as const;
  assert.equal((await http.send(abandon)).statusCode, 204);
  assert.deepEqual(done, ["complete 1", "abandon 2"]);
});
