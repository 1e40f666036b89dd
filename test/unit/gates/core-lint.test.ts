import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/project.mjs";
import { plantTree } from "../../support/planted-tree.ts";
import { runTool } from "./run-tool.ts";

type Lint = { readonly diagnostics: readonly { readonly message: string; readonly filename: string }[] };

const banned = [
  "new Date()",
  "crypto.randomUUID()",
  "setTimeout(() => 1, 1)",
  "setInterval(() => 1, 1)",
  "setImmediate(() => 1)",
  "Math.random()",
  "process.pid",
  'Buffer.from("")',
  "globalThis.crypto",
];

test("core may not read a clock, draw chance, set a timer or know Node; adapters may", async () => {
  const planted = banned.flatMap((code, i) => [
    [`core/planted/x${i}.ts`, `export const x = () => ${code};`],
    [`adapters/planted/x${i}.ts`, `export const x = () => ${code};`],
  ]);
  const config = readFileSync(join(root, ".oxlintrc.json"), "utf8");
  using tree = plantTree({ ".oxlintrc.json": config, ...Object.fromEntries(planted) });
  const { code, stdout } = await runTool({ name: "oxlint", args: ["--format=json", "."], cwd: tree.folder });
  const found = (JSON.parse(stdout) as Lint).diagnostics.map(({ filename }) => filename).sort();
  assert.equal(code, 1);
  assert.deepEqual(
    found,
    banned.map((_, i) => `core/planted/x${i}.ts`),
  );
});
