import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../../scripts/project.mjs";
import { type PlantedTree, plantTree } from "../../support/planted-tree.ts";
import { runTool } from "./run-tool.ts";

type Violation = { readonly rule: { readonly name: string }; readonly from: string; readonly to: string };
type Cruise = { readonly summary: { readonly violations: readonly Violation[]; readonly totalCruised: number } };

const folders = ["core", "query", "projections", "adapters", "test", "scripts"];

const allowed = {
  "core/hub-error.ts": "export class HubError extends Error {}",
  "core/twin.ts": 'import { HubError } from "./hub-error.ts"; export const refuse = () => new HubError();',
  "query/parse.ts": 'import "chevrotain"; import { HubError } from "../core/hub-error.ts"; export const e = HubError;',
  "projections/store.ts":
    'import "node:sqlite"; import "../query/parse.ts"; export type { HubError } from "../core/hub-error.ts";',
  "adapters/cli/main.ts":
    'import "node:fs"; import "pino"; import "../../projections/store.ts"; import "../../core/twin.ts";',
  "test/support/given.ts": 'import "../../adapters/cli/main.ts"; export const given = 1;',
};

const planted = [
  { rule: "core-stands-alone", file: "core/a.ts", code: 'import type { HubError } from "../projections/store.ts";' },
  { rule: "core-stands-alone", file: "core/b.ts", code: 'import "../query/parse.ts";' },
  { rule: "core-does-no-io", file: "core/c.ts", code: 'import "node:fs";' },
  { rule: "core-does-no-io", file: "core/d.ts", code: 'import type { Logger } from "pino";' },
  { rule: "query-stands-alone", file: "query/a.ts", code: 'import "../core/twin.ts";' },
  { rule: "query-stands-alone", file: "query/b.ts", code: 'import "node:fs";' },
  { rule: "projections-below-adapters", file: "projections/a.ts", code: 'import "../adapters/cli/main.ts";' },
  { rule: "projections-below-adapters", file: "projections/b.ts", code: 'import "nats";' },
  { rule: "nothing-imports-tests", file: "adapters/a.ts", code: 'import { given } from "../test/support/given.ts";' },
  { rule: "no-cycles", file: "core/e.ts", code: 'import type { F } from "./f.ts"; export type E = F;' },
] as const;
const otherHalfOfCycle = { "core/f.ts": 'import type { E } from "./e.ts"; export type F = E;' };

let clean: PlantedTree;
let dirty: PlantedTree;
before(() => {
  clean = plantTree(allowed);
  dirty = plantTree({
    ...allowed,
    ...otherHalfOfCycle,
    ...Object.fromEntries(planted.map(({ file, code }) => [file, code])),
  });
});
after(() => {
  clean[Symbol.dispose]();
  dirty[Symbol.dispose]();
});

test("a tree that keeps the rules passes", async () => {
  assert.deepEqual((await cruise(clean.folder)).violations, []);
});

test("each rule fails the import planted against it, and nothing else fails", async () => {
  const { violations } = await cruise(dirty.folder);
  const found = violations.map(({ rule, from }) => `${rule.name} ${from}`);
  const expected = planted.map(({ rule, file }) => `${rule} ${file}`);
  assert.deepEqual([...new Set(found)].sort(), expected.sort());
});

test("the rules see the project's own modules", async () => {
  const { totalCruised } = await cruise(root);
  assert.ok(totalCruised > 0, `${totalCruised} modules cruised`);
});

async function cruise(folder: string): Promise<Cruise["summary"]> {
  const present = folders.filter((name) => existsSync(join(folder, name)));
  const args = ["--config", join(root, ".dependency-cruiser.mjs"), "--output-type", "json", ...present];
  const { stdout } = await runTool({ name: "depcruise", args, cwd: folder });
  return (JSON.parse(stdout) as Cruise).summary;
}
