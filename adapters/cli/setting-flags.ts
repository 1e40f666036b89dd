import type { ParseArgsOptionsConfig } from "node:util";
import {
  allowed,
  descriptionOf,
  flagOf,
  isSwitch,
  readSettings,
  settingNames,
  variableOf,
  withoutOwnLeftovers,
} from "../settings/read-settings.ts";
import { notFlags, type Settings } from "../settings/schema.ts";
import type { Invocation } from "./command.ts";

const flagNames = settingNames.filter((name) => !notFlags.includes(name));

/** A flag for every setting, and `--config` for the settings file. */
export const settingOptions: ParseArgsOptionsConfig = {
  ...Object.fromEntries(flagNames.map((name) => [flagOf(name), { type: isSwitch(name) ? "boolean" : "string" }])),
  config: { type: "string" },
};

/** The reference of the settings, as help prints it: flag, variable, what it is for, what it may be. */
export function settingHelp(): string {
  const lines = settingNames.map((name) => {
    const flag = notFlags.includes(name) ? "" : `--${flagOf(name)}, `;
    return `  ${flag}${variableOf(name)}\n      ${descriptionOf(name)} (${allowed(name)})`;
  });
  return [...lines, "  --config, TWINSTREAM_CONFIG\n      JSON file with settings by their names in camelCase"].join(
    "\n",
  );
}

/** The settings of this invocation: flags, then environment, then file. Throws SettingsError with every fault. */
export function settingsOf(invocation: Invocation): Settings {
  const environment = withoutOwnLeftovers(invocation.environment);
  const flags: Record<string, string | undefined> = Object.fromEntries(
    Object.keys(settingOptions).map((flag) => [flag, invocation.flags[flag]?.toString()]),
  );
  return readSettings({ flags, environment, file: flags.config ?? environment.TWINSTREAM_CONFIG });
}
