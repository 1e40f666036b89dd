import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { localAccount } from "../../../../adapters/storage/azurite-account.ts";
import { tempFolder } from "../../../support/nats.ts";

test("each folder has an account of its own, which it keeps", async (t) => {
  const folder = join(await tempFolder(t), "storage");
  const account = localAccount(folder);
  assert.match(account.name, /^[a-z0-9]{3,24}$/);
  assert.equal(Buffer.from(account.key, "base64").length, 64);
  assert.deepEqual(localAccount(folder), account);
  assert.equal(statSync(join(folder, "account.json")).mode & 0o777, 0o600);
  const other = localAccount(join(await tempFolder(t), "storage"));
  assert.notEqual(other.name, account.name);
  assert.notEqual(other.key, account.key);
});

test("a file that holds no account is left as it is, and named", async (t) => {
  const folder = await tempFolder(t);
  for (const text of ["{", "[]", "null", '{"name": "hub1"}']) {
    writeFileSync(join(folder, "account.json"), text);
    assert.throws(() => localAccount(folder), /account\.json holds no storage account/);
  }
});
