import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { checkServerBinary, requireServerVersion } from "../../../../adapters/nats/server-version.ts";
import { tempFolder } from "../../../support/nats.ts";

test("servers from 2.10.23 on are good enough", () => {
  for (const version of ["2.10.23", "2.10.27", "2.11.0-RC.1", "2.12.1", "3.0.0"]) requireServerVersion(version, "x");
});

test("older servers and nonsense are refused by their version", () => {
  for (const version of ["2.10.22", "2.9.99", "1.99.99", "newest"]) {
    assert.throws(() => requireServerVersion(version, "x"), new RegExp(`${version} at x is too old.*2\\.10\\.23`));
  }
});

test("a binary is asked for its version", async (t) => {
  const folder = await tempFolder(t);
  const binary = join(folder, "nats-server");
  const says = async (text: string) => {
    await writeFile(binary, `#!/bin/sh\necho '${text}'\n`);
    await chmod(binary, 0o755);
    return checkServerBinary(binary);
  };
  assert.equal(await says("nats-server: v2.10.27"), "2.10.27");
  await assert.rejects(says("nats-server: v2.9.10"), /2\.9\.10 at .* is too old/);
  await assert.rejects(says("hello"), /does not say/);
  await assert.rejects(checkServerBinary(join(folder, "missing")), /ENOENT/);
});
