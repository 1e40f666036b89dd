import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/project.mjs";
import { plantTree } from "../../support/planted-tree.ts";

const script = `
const answer: object = { argv: process.argv.slice(2), server: process.env.TWINSTREAM_NATS_SERVER, cwd: process.cwd() };
if (process.argv[2] === "wait") {
  setInterval(() => {}, 1000);
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(signal === "SIGTERM" ? 11 : 12));
} else process.exitCode = 7;
console.log(JSON.stringify(answer));
`;

test("a script runs as TypeScript with its arguments, cwd and a nats-server, and its exit code comes back", async () => {
  using tree = plantTree({ "script.ts": script });
  const child = runScript(tree.folder, ["one", "--two"]);
  const [[line], [code]] = await Promise.all([firstOutput(child), once(child, "exit")]);
  const answer = JSON.parse(line) as { argv: string[]; server: string; cwd: string };
  assert.deepEqual(answer.argv, ["one", "--two"]);
  assert.match(answer.server, /nats-server$/);
  assert.equal(answer.cwd, tree.folder);
  assert.equal(code, 7);
});

for (const [signal, expected] of [
  ["SIGTERM", 11],
  ["SIGINT", 12],
] as const) {
  test(`${signal} reaches the script, which ends in its own way`, async () => {
    using tree = plantTree({ "script.ts": script });
    const child = runScript(tree.folder, ["wait"]);
    await firstOutput(child);
    child.kill(signal);
    const [code] = await once(child, "exit");
    assert.equal(code, expected);
  });
}

function runScript(cwd: string, args: readonly string[]): ChildProcess {
  const command = [join(root, "scripts/run.mjs"), join(cwd, "script.ts"), ...args];
  return spawn(process.execPath, command, { cwd, stdio: ["ignore", "pipe", "inherit"] });
}

function firstOutput(child: ChildProcess): Promise<[string]> {
  assert.ok(child.stdout !== null);
  child.stdout.setEncoding("utf8");
  return once(child.stdout, "data") as Promise<[string]>;
}
