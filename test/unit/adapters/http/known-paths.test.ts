import assert from "node:assert/strict";
import { test } from "node:test";
import { createKnownPaths } from "../../../../adapters/http/known-paths.ts";

// spec/http-api 1.2
test("a path is known in any case and with a slash at its end", () => {
  const paths = createKnownPaths();
  paths.add("/devices/:deviceId", ["GET", "PUT"]);
  paths.add("/devices/:deviceId", "DELETE");
  paths.add("/devices", "POST");
  assert.deepEqual(paths.methodsOf("/DEVICES/a%23b/"), ["DELETE", "GET", "PUT"]);
  assert.deepEqual(paths.methodsOf("/devices"), ["POST"]);
  assert.deepEqual(paths.methodsOf("/devices/a/b"), []);
  assert.deepEqual(paths.methodsOf("/other"), []);
});
