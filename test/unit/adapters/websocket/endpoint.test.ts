import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseEndpoint } from "../../../../adapters/websocket/endpoint.ts";
import { HubError } from "../../../../core/hub-error.ts";

const choose = (url: string, subprotocols?: string, method = "GET", version = "13") =>
  chooseEndpoint({
    url,
    method,
    headers: {
      "sec-websocket-version": version,
      ...(subprotocols === undefined ? {} : { "sec-websocket-protocol": subprotocols }),
    },
  });

const refusedAs = (reason: string) => (error: unknown) => error instanceof HubError && error.reason === reason;

// spec/mqtt 1, spec/amqp 1
test("Path and subprotocol choose the protocol", () => {
  assert.deepEqual(choose("/$iothub/websocket", "mqtt"), { protocol: "mqtt", subprotocol: "mqtt" });
  assert.deepEqual(choose("/$iothub/websocket", "AMQPWSB10"), { protocol: "amqp", subprotocol: "AMQPWSB10" });
  assert.deepEqual(choose("/$servicebus/websocket", "AMQPWSB10"), { protocol: "amqp", subprotocol: "AMQPWSB10" });
});

// spec/mqtt 1
test("The query of some SDKs is ignored, and the path may be percent-encoded once", () => {
  assert.equal(choose("/$iothub/websocket?iothub-no-client-cert=true", "mqtt").protocol, "mqtt");
  assert.equal(choose("/%24iothub/websocket", "mqtt").protocol, "mqtt");
  assert.throws(() => choose("/%2524iothub/websocket", "mqtt"), refusedAs("GenericNotFound"));
});

test("Of several subprotocols the first that is known is taken, in the client's spelling", () => {
  assert.deepEqual(choose("/$iothub/websocket", "mqttv3.1, MQTT,amqpwsb10"), { protocol: "mqtt", subprotocol: "MQTT" });
});

test("Unknown paths, methods, versions and subprotocols are refused", () => {
  for (const path of ["/", "", "/$IOTHUB/websocket", "/$iothub/websocket/", "/%", "/$iothub", "/__proto__"])
    assert.throws(() => choose(path, "mqtt"), refusedAs("GenericNotFound"), path);
  assert.throws(() => choose("/$iothub/websocket", "mqtt", "POST"), refusedAs("GenericMethodNotAllowed"));
  assert.throws(() => choose("/$iothub/websocket", "mqtt", "GET", "8"), refusedAs("InvalidProtocolVersion"));
  for (const subprotocols of [undefined, "", ",", "mqttv3.1", "amqp", "__proto__"])
    assert.throws(
      () => choose("/$iothub/websocket", subprotocols),
      refusedAs("GenericBadRequest"),
      subprotocols ?? "none",
    );
  assert.throws(() => choose("/$servicebus/websocket", "mqtt"), refusedAs("GenericBadRequest"));
});
