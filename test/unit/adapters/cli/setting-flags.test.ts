import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArgs } from "node:util";
import { settingHelp, settingOptions, settingsOf } from "../../../../adapters/cli/setting-flags.ts";
import type { Settings } from "../../../../adapters/settings/schema.ts";

/** The settings of `twinstream start` with these words and this environment. */
function started(args: readonly string[], environment: Record<string, string> = {}): Settings {
  const flags: Record<string, string | boolean | undefined> = {};
  const { values } = parseArgs({ args: [...args], options: settingOptions });
  for (const [name, value] of Object.entries(values)) if (!Array.isArray(value)) flags[name] = value;
  const signal = new AbortController().signal;
  return settingsOf({ words: [], flags, environment, print: () => {}, signal });
}

test("the flag of a switch stands alone, and its variable says true or false", () => {
  assert.equal(started([]).faultInjection, false);
  assert.equal(started(["--fault-injection"]).faultInjection, true);
  assert.equal(started([], { TWINSTREAM_FAULT_INJECTION: "true" }).faultInjection, true);
  assert.equal(started([], { TWINSTREAM_FAULT_INJECTION: "false" }).faultInjection, false);
  assert.throws(() => started([], { TWINSTREAM_FAULT_INJECTION: "yes" }), {
    message: 'TWINSTREAM_FAULT_INJECTION is "yes", but must be true or false',
  });
});

test("flags with a value are read as before", () => {
  assert.equal(started(["--mqtts-port", "1", "--fault-injection", "--hub", "h"]).mqttsPort, 1);
  assert.match(settingHelp(), /--fault-injection, TWINSTREAM_FAULT_INJECTION\n.*\(true or false\)/);
});
