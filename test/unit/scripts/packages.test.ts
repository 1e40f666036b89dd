import assert from "node:assert/strict";
import { test } from "node:test";
import { isInstalled, runsTypeScript } from "../../../scripts/packages.mjs";
import { machinePath } from "../../../scripts/project.mjs";

const wanted = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/for-another-cpu": { version: "2.0.0", optional: true },
  },
};

test("packages are installed when each that the lockfile needs is there in its version", () => {
  assert.equal(isInstalled(wanted, { packages: { "node_modules/a": { version: "1.0.0" } } }), true);
});

test("a missing package or another version calls for npm ci", () => {
  assert.equal(isInstalled(wanted, { packages: {} }), false);
  assert.equal(isInstalled(wanted, { packages: { "node_modules/a": { version: "1.0.1" } } }), false);
  const oldOptional = { "node_modules/a": { version: "1.0.0" }, "node_modules/for-another-cpu": { version: "1.0.0" } };
  assert.equal(isInstalled(wanted, { packages: oldOptional }), false);
});

test("packages beyond the lockfile do no harm", () => {
  const packages = { "node_modules/a": { version: "1.0.0" }, "node_modules/linked": { version: "9.0.0" } };
  assert.equal(isInstalled(wanted, { packages }), true);
});

test("Node runs TypeScript as it is from 24 on", () => {
  assert.deepEqual(["18.20.4", "22.18.0", "24.0.0", "26.1.0"].map(runsTypeScript), [false, false, true, true]);
});

test("the machine's PATH is what npm did not put there", () => {
  const path = "/p/node_modules/.bin:/usr/lib/npm/node-gyp-bin:/p/node_modules/node/bin:/usr/local/bin::/usr/bin";
  assert.equal(machinePath(path), "/usr/local/bin:/usr/bin");
  assert.equal(machinePath(undefined), "");
});
