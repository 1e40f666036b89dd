import { readFileSync } from "node:fs";
import Value from "typebox/value";
import { environmentNames, notFlags, type SettingName, Settings, secretSettings } from "./schema.ts";
import { SettingsError } from "./settings-error.ts";

/** Where settings come from, the strongest first. `flags` maps a flag's name without dashes to its text. */
export type SettingSources = {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file, if one was named. */
  readonly file: string | undefined;
};

/** The flag of a setting, without dashes: `httpsPort` is `https-port`. */
export const flagOf = (name: SettingName): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The environment variable of a setting: `httpsPort` is `TWINSTREAM_HTTPS_PORT`. */
export const variableOf = (name: SettingName): string =>
  environmentNames[name] ?? `TWINSTREAM_${flagOf(name).replaceAll("-", "_").toUpperCase()}`;

/** Every setting there is, in the order of the reference. */
export const settingNames = Object.keys(Settings.properties) as readonly SettingName[];

type Found = { readonly value: unknown; readonly from: string };

/**
 * Reads and checks the settings: flags win over the environment, that over the file, that over the defaults. Throws
 * SettingsError that lists every fault.
 */
export function readSettings(sources: SettingSources): Settings {
  const file = readFile(sources.file);
  const faults = Object.keys(file)
    .filter((name) => !(settingNames as readonly string[]).includes(name))
    .map((name) => `${name} in the settings file is no setting; there are ${settingNames.join(", ")}`);
  const values: Record<string, unknown> = {};
  for (const name of settingNames) {
    const found = find(name, sources, file);
    if (found === undefined) continue;
    const fault = faultOf(name, found);
    if (fault === undefined) values[name] = found.value;
    else faults.push(fault);
  }
  if ((values.tlsCert === undefined) !== (values.tlsKey === undefined)) {
    faults.push("tlsCert and tlsKey belong together: set both, or none for a development certificate");
  }
  if (faults.length > 0) throw new SettingsError(faults.join("\n"));
  return Value.Parse(Settings, Value.Default(Settings, values));
}

function readFile(path: string | undefined): Readonly<Record<string, unknown>> {
  if (path === undefined) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new SettingsError(`the settings file ${path} can't be read as JSON`, { cause });
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new SettingsError(`the settings file ${path} must hold one JSON object`);
}

function find(
  name: SettingName,
  { flags, environment }: SettingSources,
  file: Record<string, unknown>,
): Found | undefined {
  const flag = notFlags.includes(name) ? undefined : flags[flagOf(name)];
  if (flag !== undefined) return { value: typed(name, flag), from: `--${flagOf(name)}` };
  const variable = environment[variableOf(name)];
  // An empty variable is what a shell or a compose file leaves where nothing was meant.
  if (variable !== undefined && variable !== "") return { value: typed(name, variable), from: variableOf(name) };
  return Object.hasOwn(file, name) ? { value: file[name], from: `${name} in the settings file` } : undefined;
}

/** Flags and variables are texts: digits are a number, commas make a list, true or false a switch; the check judges. */
function typed(name: SettingName, text: string): unknown {
  const { type } = schemaOf(name);
  if (type === "array") return text.split(",").map((item) => item.trim());
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return type === "integer" && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function faultOf(name: SettingName, { value, from }: Found): string | undefined {
  if (Value.Check(Settings.properties[name], value)) return undefined;
  const shown = secretSettings.includes(name) ? "(not shown)" : JSON.stringify(value);
  return `${from} is ${shown}, but must be ${allowed(name)}`;
}

type SettingSchema = {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly items?: { readonly type?: string; readonly pattern?: string };
  readonly anyOf?: readonly { readonly const?: unknown }[];
};

// TypeBox types each schema by itself; what they have in common as JSON Schema is all that is read here.
const schemaOf = (name: SettingName): SettingSchema => Settings.properties[name];

/** Says in words what a setting may be, such as `a whole number from 0 to 7`. */
export function allowed(name: SettingName): string {
  const { type, minimum, maximum, maxItems, items, pattern, anyOf } = schemaOf(name);
  if (anyOf !== undefined) return `one of ${anyOf.map((choice) => String(choice.const)).join(", ")}`;
  if (type === "boolean") return "true or false";
  if (type === "integer") return `a whole number from ${minimum} to ${maximum}`;
  if (type === "array") return `up to ${maxItems} texts of the form ${items?.pattern}, separated by commas`;
  return pattern === undefined ? "a text that is not empty" : `a text of the form ${pattern}`;
}

/** Whether a setting is on or off: its flag then stands alone. */
export const isSwitch = (name: SettingName): boolean => schemaOf(name).type === "boolean";

/** What a setting is when nobody sets it; undefined when it is then left out. */
export const defaultOf = (name: SettingName): unknown => schemaOf(name).default;

/** What a setting is for, as the reference says it. */
export const descriptionOf = (name: SettingName): string => schemaOf(name).description ?? "";

/**
 * The environment without what an earlier run of the hub left in it: `hub.env`, sourced into the shell that now starts
 * the hub, names the embedded NATS of that run, which is not an outside server to connect to.
 */
export function withoutOwnLeftovers(environment: SettingSources["environment"]): SettingSources["environment"] {
  const url = environment.NATS_URL;
  if (url === undefined || url !== environment.TWINSTREAM_EMBEDDED_NATS) return environment;
  return { ...environment, NATS_URL: undefined };
}
