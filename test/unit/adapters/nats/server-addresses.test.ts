import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerAddresses } from "../../../../adapters/nats/server-addresses.ts";

test("servers are separated by commas, and scheme and port may be left out", () => {
  assert.deepEqual(parseServerAddresses("nats://a:4333, b ,tls://[::1]:4444"), {
    servers: ["a:4333", "b:4222", "[::1]:4444"],
    tls: true,
    credentials: { kind: "none" },
  });
});

test("credentials come out of the address, decoded", () => {
  const { servers, credentials } = parseServerAddresses("nats://us%40er:4p%3Aw@host:4222,nats://other");
  assert.deepEqual(servers, ["host:4222", "other:4222"]);
  assert.deepEqual(credentials, { kind: "password", user: "us@er", password: "4p:w" });
});

test("a user without a password is a token", () => {
  assert.deepEqual(parseServerAddresses("nats://s3cret@host").credentials, { kind: "token", token: "s3cret" });
});

test("what is no address is refused without being shown", () => {
  const bad = [
    "",
    " , ",
    "http://u:hunter2@host",
    "nats://u:hunter2@host:99999",
    "nats://u:hunter2@",
    "a@b@c d:hunter2",
  ];
  for (const list of bad) {
    assert.throws(
      () => parseServerAddresses(list),
      (error: Error) => !error.message.includes("hunter2"),
      list,
    );
  }
});

test("servers with different credentials are refused", () => {
  assert.throws(() => parseServerAddresses("nats://a:x@one,nats://a:y@two"), /different credentials/);
});
