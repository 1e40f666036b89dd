import assert from "node:assert/strict";
import { test } from "node:test";
import { TopicCache } from "../../../../adapters/mqtt/topic-cache.ts";
import { isAllowedFilter } from "../../../../adapters/mqtt/topic-filters.ts";
import { methodRequestTopic, parsePublishTopic } from "../../../../adapters/mqtt/topics.ts";

const device = { deviceId: "dev-1" };
const module = { deviceId: "dev-1", moduleId: "m" };
const violation = { name: "ProtocolViolation" };

// spec/mqtt 5
test("Telemetry topics are taken with and without bag and last slash", () => {
  const shapes = ["", "/", "/a=1", "/a=1/"].map((end) =>
    parsePublishTopic(`devices/dev-1/messages/events${end}`, device),
  );
  const bags = shapes.map((topic) =>
    topic.kind === "telemetry" ? Object.fromEntries(topic.properties.application) : {},
  );
  assert.deepEqual(bags, [{}, {}, { a: "1" }, { a: "1" }]);
  const output = parsePublishTopic("devices/dev-1/modules/m/messages/events/%24.on=out1&k=v/", module);
  assert.equal(output.kind === "telemetry" && output.properties.application.get("iothub-outputname"), "out1");
});

// spec/mqtt 5
test("Ids in topics may be percent-encoded or raw", () => {
  for (const id of ["a%3Ab%25", "a:b%"]) {
    assert.equal(parsePublishTopic(`devices/${id}/messages/events/`, { deviceId: "a:b%" }).kind, "telemetry");
  }
});

// spec/mqtt 3
test("Telemetry topics of another identity are refused", () => {
  const foreign = [
    "devices/dev-2/messages/events/",
    "devices/DEV-1/messages/events/",
    "devices/dev-1/modules/m/messages/events/",
  ];
  for (const topic of foreign) assert.throws(() => parsePublishTopic(topic, device), violation, topic);
  for (const topic of ["devices/dev-1/messages/events/", "devices/dev-1/modules/n/messages/events/"]) {
    assert.throws(() => parsePublishTopic(topic, module), violation, topic);
  }
});

// spec/mqtt 3, 5
test("Unknown topics, wildcards and NUL are refused", () => {
  const unknown = [
    "",
    "/",
    "devices",
    "devices/dev-1",
    "devices/dev-1/messages",
    "devices/dev-1/messages/eventsx/",
    "x/y",
  ];
  const iothub = [
    "$iothub/",
    "$iothub/twin/PUT/?$rid=1",
    "$iothub/methods/res/ok/?$rid=1",
    "$iothub/twin/res/200/?$rid=1",
  ];
  const hostile = [
    "devices/dev-1/messages/events/a=+",
    "devices/dev-1/messages/events/#",
    "devices/dev-1/messages/events/\0",
  ];
  for (const topic of [...unknown, ...iothub, ...hostile]) {
    assert.throws(() => parsePublishTopic(topic, device), violation, topic);
  }
});

// spec/mqtt 5, 8
test("Twin topics give the request id as sent", () => {
  const get = parsePublishTopic("$iothub/twin/GET/?$rid=6f%41-1", device);
  assert.deepEqual(get, { kind: "twinGet", requestId: "6f%41-1" });
  const patch = parsePublishTopic("$iothub/twin/PATCH/properties/reported/?$version=3&$rid=7&x", device);
  assert.deepEqual(patch, { kind: "twinPatchReported", requestId: "7" });
  for (const query of ["", "$rid=1", "?rid=1", `?$rid=${"1".repeat(257)}`]) {
    assert.throws(() => parsePublishTopic(`$iothub/twin/GET/${query}`, device), violation, query);
  }
});

// spec/mqtt 9
test("A method response has a status and a request id, a certificate request nobody who waits for it", () => {
  const read = (topic: string) => parsePublishTopic(topic, device);
  const response = { kind: "methodResponse", requestId: "1" };
  assert.deepEqual(read("$iothub/methods/res/200/?$rid=1"), { ...response, status: 200 });
  assert.deepEqual(read("$iothub/methods/res/-5/?$rid=1&x=y"), { ...response, status: -5 });
  assert.deepEqual(read("$iothub/credentials/POST/issueCertificate/?$rid=1"), { kind: "unawaited" });
  for (const rest of ["200/", "200/?", "200/?rid=1", "12345678901/?$rid=1", `200/?$rid=${"x".repeat(257)}`]) {
    assert.throws(() => read(`$iothub/methods/res/${rest}`), violation);
  }
});

// spec/mqtt 9
test("A method's name is in the topic as it is, but for what a topic can't hold", () => {
  assert.equal(methodRequestTopic("comp*do-it.now&^|~", "7"), "$iothub/methods/POST/comp*do-it.now&^|~/?$rid=7");
  assert.equal(methodRequestTopic("a+b#c%d", "7"), "$iothub/methods/POST/a%2Bb%23c%25d/?$rid=7");
});

// spec/mqtt 5
test("Only the filters of the table are allowed, each identity its own", () => {
  const shared = [
    "$iothub/twin/res/#",
    "$iothub/twin/PATCH/properties/desired/#",
    "$iothub/methods/POST/#",
    "$iothub/methods/POST/reboot/#",
    "$iothub/credentials/res/#",
  ];
  for (const filter of shared) assert.ok(isAllowedFilter(filter, device) && isAllowedFilter(filter, module), filter);
  const ofDevice = ["devices/dev-1/messages/devicebound/#", "devices/dev%2D1/messages/devicebound/#"];
  const ofModule = ["devices/dev-1/modules/m/#", "devices/dev-1/modules/m/inputs/#"];
  for (const filter of ofDevice) assert.ok(isAllowedFilter(filter, device) && !isAllowedFilter(filter, module), filter);
  for (const filter of ofModule) assert.ok(!isAllowedFilter(filter, device) && isAllowedFilter(filter, module), filter);
  const others = [
    "#",
    "+",
    "$iothub/#",
    "$iothub/twin/#",
    "$iothub/twin/res/+",
    "$iothub/methods/POST/+/#",
    "devices/dev-1/#",
    "devices/dev-2/messages/devicebound/#",
    "devices/+/messages/devicebound/#",
    "$iothub/twin/res/200",
    "",
  ];
  for (const filter of others) assert.ok(!isAllowedFilter(filter, device) && !isAllowedFilter(filter, module), filter);
});

test("A topic that comes again gives the same object", () => {
  const cache = new TopicCache(device);
  const lookup = (topic: string) => {
    const bytes = Buffer.from(`..${topic}..`);
    return cache.lookup(bytes, 2, bytes.length - 2);
  };
  const first = lookup("devices/dev-1/messages/events/a=1");
  for (let round = 0; round < 3; round += 1) {
    assert.equal(lookup("devices/dev-1/messages/events/a=1"), first);
    assert.notEqual(lookup("devices/dev-1/messages/events/a=2"), first);
  }
  for (let id = 0; id < 100; id += 1) lookup(`devices/dev-1/messages/events/%24.mid=${id}`);
  assert.deepEqual(lookup("devices/dev-1/messages/events/a=1"), first);
});

test("A topic that is not UTF-8 is refused", () => {
  const bytes = Buffer.from("devices/dev-1/messages/events/a=\xff", "latin1");
  assert.throws(() => new TopicCache(device).lookup(bytes, 0, bytes.length), violation);
});
