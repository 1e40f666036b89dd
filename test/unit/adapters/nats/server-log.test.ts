import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { passServerLog } from "../../../../adapters/nats/server-log.ts";

test("nats-server's lines keep their weight and lose the password", async () => {
  const logged: [string, object][] = [];
  const note = (level: string) => (fields: object) => void logged.push([level, fields]);
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const output = new PassThrough();
  const { complaints } = passServerLog([output, null], "hunter2", log);
  output.end(
    [
      "[12] [INF] Server is ready",
      "[12] [WRN] Plaintext passwords detected, use nkeys or bcrypt",
      "[12] [ERR] disk is full",
      'nats-server: bad value "hunter2"',
    ].join("\n"),
  );
  await once(output, "close");
  assert.deepEqual(logged, [
    ["debug", { natsServer: "Server is ready" }],
    ["debug", { natsServer: "Plaintext passwords detected, use nkeys or bcrypt" }],
    ["warn", { natsServer: "disk is full" }],
    ["warn", { natsServer: 'nats-server: bad value "***"' }],
  ]);
  assert.deepEqual(complaints, ["disk is full", 'nats-server: bad value "***"']);
});
