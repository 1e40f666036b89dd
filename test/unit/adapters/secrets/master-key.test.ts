import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { loadMasterKey } from "../../../../adapters/secrets/master-key.ts";

function keyFile(context: TestContext): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-master-key-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return { folder, file: join(folder, "master.key") };
}

const base64 = Buffer.alloc(32, 5).toString("base64");

test("the first start makes a key that only its owner can read, later starts read it", (context) => {
  const { folder, file } = keyFile(context);
  const key = loadMasterKey({ file });
  assert.equal(key.length, 32);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ["master.key"]);
  assert.deepEqual(loadMasterKey({ file, fromEnvironment: undefined }), key);
});

test("the mode does not depend on the umask", (context) => {
  const { file } = keyFile(context);
  const before = process.umask(0);
  context.after(() => process.umask(before));
  loadMasterKey({ file });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a key from the environment outweighs the file, and leaves none behind", (context) => {
  const { folder, file } = keyFile(context);
  assert.deepEqual([...loadMasterKey({ file, fromEnvironment: base64 })], [...Buffer.alloc(32, 5)]);
  assert.deepEqual(readdirSync(folder), []);
});

test("a value that is no key is refused without being shown", (context) => {
  const { file } = keyFile(context);
  for (const value of [
    "",
    "c2VjcmV0",
    base64.slice(0, -1),
    `${base64}AAAA`,
    `${base64.slice(0, 20)}!${base64.slice(21)}`,
  ]) {
    assert.throws(() => loadMasterKey({ file, fromEnvironment: value }), {
      message: "The master key from the environment is not base64 of 32 bytes",
    });
    writeFileSync(file, value, { mode: 0o600 });
    assert.throws(() => loadMasterKey({ file }), { message: `The master key in ${file} is not base64 of 32 bytes` });
  }
});

test("a file that others than its owner can reach is refused", (context) => {
  const { file } = keyFile(context);
  loadMasterKey({ file });
  for (const [mode, shown] of [
    [0o640, "0640"],
    [0o604, "0604"],
    [0o620, "0620"],
    [0o666, "0666"],
  ] as const) {
    chmodSync(file, mode);
    const message = `${file} has mode ${shown}, so others than its owner can reach the master key: set it to 0600`;
    assert.throws(() => loadMasterKey({ file }), { message });
  }
  chmodSync(file, 0o400);
  assert.equal(loadMasterKey({ file }).length, 32);
});

test("what is not a file is refused", (context) => {
  const { folder } = keyFile(context);
  assert.throws(() => loadMasterKey({ file: "/dev/null" }), { message: "/dev/null is not a regular file" });
  const directory = join(folder, "directory");
  mkdirSync(directory);
  assert.throws(() => loadMasterKey({ file: directory }), { message: `${directory} is not a regular file` });
  assert.throws(() => loadMasterKey({ file: join(folder, "missing", "master.key") }), { code: "ENOENT" });
});

test("a line end after the key is fine", (context) => {
  const { file } = keyFile(context);
  writeFileSync(file, `${base64}\r\n`, { mode: 0o600 });
  assert.deepEqual([...loadMasterKey({ file })], [...Buffer.alloc(32, 5)]);
  loadMasterKey({ file });
  assert.equal(readFileSync(file, "utf8"), `${base64}\r\n`);
});

test("processes that start at once all have the same key", async (context) => {
  const { folder, file } = keyFile(context);
  const module = new URL("../../../../adapters/secrets/master-key.ts", import.meta.url).href;
  const script = `
    const { loadMasterKey } = await import(process.argv[1]);
    process.stdout.write(Buffer.from(loadMasterKey({ file: process.argv[2] })).toString("base64"));
  `;
  const start = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, module, file]);
  const keys = (await Promise.all([start(), start(), start()])).map(({ stdout }) => stdout);
  assert.deepEqual(new Set(keys), new Set([readFileSync(file, "utf8").trim()]));
  assert.deepEqual(readdirSync(folder), ["master.key"]);
});
