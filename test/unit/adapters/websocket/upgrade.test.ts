import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { WebSocket } from "ws";
import { waitFor } from "../../../support/wait-for.ts";
import { closed, frame, startFixture, timeout, untilEnd, upgradeRequest } from "./websocket-fixture.ts";

suite("requests to upgrade", { timeout }, () => {
  // spec/mqtt 1, spec/amqp 1
  test("each protocol gets its streams, with the peer's address", async () => {
    await using fixture = await startFixture();
    const wanted = [
      ["/$iothub/websocket", "mqtt", "mqtt-ws"],
      ["/$iothub/websocket?iothub-no-client-cert=true", "MQTT", "mqtt-ws"],
      ["/%24iothub/websocket", "AMQPWSB10", "amqp-ws"],
      ["/$servicebus/websocket", "AMQPWSB10", "amqp-ws"],
    ] as const;
    for (const [path, subprotocol, protocol] of wanted) {
      const client = new WebSocket(`ws://127.0.0.1:${fixture.port}${path}`, [subprotocol]);
      const [accepted] = await Promise.all([fixture.next(), once(client, "open")]);
      assert.equal(accepted.protocol, protocol);
      assert.equal(accepted.remoteAddress, "127.0.0.1");
      assert.equal(client.protocol, subprotocol);
      assert.equal(client.extensions, "", "permessage-deflate is declined");
    }
    assert.equal(fixture.webSockets.connectionCount, wanted.length);
  });

  const refusals = [
    ["an unknown path", { target: "/devices" }, 404, "GenericNotFound"],
    ["an unknown path with a bad escape", { target: "/%zz" }, 404, "GenericNotFound"],
    ["no subprotocol", { headers: { "sec-websocket-protocol": undefined } }, 400, "GenericBadRequest"],
    ["an unknown subprotocol", { headers: { "sec-websocket-protocol": "mqttv3.1" } }, 400, "GenericBadRequest"],
    ["a broken list of subprotocols", { headers: { "sec-websocket-protocol": "mqtt, " } }, 400, "GenericBadRequest"],
    ["MQTT for Event Hubs clients", { target: "/$servicebus/websocket" }, 400, "GenericBadRequest"],
    ["no key", { headers: { "sec-websocket-key": undefined } }, 400, "GenericBadRequest"],
    ["a bad key", { headers: { "sec-websocket-key": "short" } }, 400, "GenericBadRequest"],
    ["another version", { headers: { "sec-websocket-version": "8" } }, 426, "InvalidProtocolVersion"],
    ["no version", { headers: { "sec-websocket-version": undefined } }, 426, "InvalidProtocolVersion"],
    ["another method", { method: "POST" }, 405, "GenericMethodNotAllowed"],
  ] as const;
  // spec/http-api 11.1
  for (const [what, changes, status, reason] of refusals)
    test(`${what} is answered ${status} in the hub's form, and the connection ended`, async () => {
      await using fixture = await startFixture();
      const socket = await fixture.raw();
      socket.write(upgradeRequest(changes));
      const answer = await untilEnd(socket);
      const [head = "", body = ""] = answer.split("\r\n\r\n");
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(head, new RegExp(`iothub-errorcode: ${reason}`));
      assert.match(head, /connection: .*close/);
      assert.match(head, new RegExp(`content-length: ${Buffer.byteLength(body)}`));
      assert.match(JSON.parse(body).Message, new RegExp(`^ErrorCode:${reason};`));
      if (status === 426) assert.match(head, /sec-websocket-version: 13/);
      if (status === 405) assert.match(head, /allow: GET/);
      assert.equal(fixture.accepted.length, 0);
      assert.equal(fixture.webSockets.connectionCount, 0);
    });

  // RFC 9110 §7.8
  test("an upgrade to something else is answered as an ordinary request", async () => {
    await using fixture = await startFixture();
    const socket = await fixture.raw();
    socket.end(upgradeRequest({ target: "/health", headers: { upgrade: "h2c" } }));
    assert.match(await untilEnd(socket), /^HTTP\/1.1 200 OK.*\r\n\r\n\/health/s);
  });

  test("a server that hands over every upgrade has the others refused", async () => {
    await using fixture = await startFixture();
    Object.assign(fixture.server, { shouldUpgradeCallback: () => true });
    const socket = await fixture.raw();
    socket.write(upgradeRequest({ headers: { upgrade: "h2c" } }));
    assert.match(await untilEnd(socket), /^HTTP\/1.1 400 /);
  });

  test("a request behind another one that waits for its answer does no harm", async () => {
    await using fixture = await startFixture();
    const socket = await fixture.raw();
    socket.write(`GET /first HTTP/1.1\r\nhost: hub\r\n\r\n${upgradeRequest()}`);
    const { stream } = await fixture.next();
    stream.resume();
    socket.destroy();
    await closed(stream);
    const { client } = await fixture.open();
    assert.equal(client.readyState, WebSocket.OPEN);
  });

  test("frames that come with the request are read", async () => {
    await using fixture = await startFixture();
    const socket = await fixture.raw();
    socket.write(Buffer.concat([Buffer.from(upgradeRequest()), frame(2, Buffer.from("early"))]));
    const { stream } = await fixture.next();
    const [chunk] = await once(stream, "data");
    assert.equal(String(chunk), "early");
  });

  test("a query is not logged: a client may put a token there", async () => {
    await using fixture = await startFixture();
    const socket = await fixture.raw();
    socket.write(upgradeRequest({ target: "/nowhere?sig=secret" }));
    await untilEnd(socket);
    assert.match(fixture.log.join(""), /"path":"\/nowhere"/);
    assert.doesNotMatch(fixture.log.join(""), /secret/);
  });
});

suite("the end", { timeout }, () => {
  test("close ends every WebSocket and gives upgrades back to the server", async () => {
    await using fixture = await startFixture();
    const opened = await Promise.all([fixture.open(), fixture.open()]);
    const ended = opened.flatMap(({ client, stream }) => [once(client, "close"), closed(stream.resume())]);
    fixture.webSockets.close();
    await Promise.all(ended);
    await waitFor("the sockets to go", () => fixture.webSockets.connectionCount === 0);
    const socket = await fixture.raw();
    socket.end(upgradeRequest());
    assert.match(await untilEnd(socket), /^HTTP\/1.1 200 OK/);
  });

  test("only so many that broke a rule are waited for", async () => {
    await using fixture = await startFixture({ maxLingering: 1, closeTimeoutMs: 60_000 });
    const violate = async () => {
      const socket = await fixture.raw();
      socket.write(upgradeRequest());
      const { stream } = await fixture.next();
      stream.on("error", () => {});
      socket.write(frame(1, Buffer.from("text")));
      await closed(stream);
      return socket.resume();
    };
    const first = await violate();
    const second = await violate();
    await closed(second);
    assert.equal(fixture.webSockets.connectionCount, 1);
    first.destroy();
    await waitFor("the first to go", () => fixture.webSockets.connectionCount === 0);
    const third = await violate();
    assert.equal(fixture.webSockets.connectionCount, 1);
    third.destroy();
  });
});
