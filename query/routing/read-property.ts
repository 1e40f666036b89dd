import { type Evaluate, type RouteMessage, systemProperties } from "./message.ts";

type Properties = ReadonlyMap<string, string | null>;

const canonicalNames = new Map<string, string>(systemProperties.map((name) => [name.toLowerCase(), name]));

/** Names in small letters to values, made only for a message that lacks a name in the spelling of a condition. */
const indexes = new WeakMap<Properties, Properties>();

function indexOf(properties: Properties): Properties {
  const known = indexes.get(properties);
  if (known !== undefined) return known;
  const index = new Map<string, string | null>();
  for (const [name, value] of properties) {
    const folded = name.toLowerCase();
    if (!index.has(folded)) index.set(folded, value);
  }
  indexes.set(properties, index);
  return index;
}

/** Looks a name up without regard to its case (spec/query-language 7); the very spelling goes before others. */
function find(properties: Properties, name: string, folded: string): string | null | undefined {
  const value = properties.get(name);
  if (value !== undefined || properties.size === 0) return value;
  return indexOf(properties).get(folded);
}

/** The value of an application property. */
export function readApplicationProperty(name: string): (message: RouteMessage) => string | null | undefined {
  const folded = name.toLowerCase();
  return ({ applicationProperties }) => find(applicationProperties, name, folded);
}

/**
 * The value of a system property. A hub's own names are in their one spelling in every message, so no index is made.
 */
export function readSystemProperty(name: string): (message: RouteMessage) => string | null | undefined {
  const folded = name.toLowerCase();
  const canonical = canonicalNames.get(folded);
  if (canonical !== undefined) return (message) => message.systemProperties.get(canonical);
  return (message) => find(message.systemProperties, name, folded);
}

/**
 * The value of `$name`: IoT Hub's documents say that the system property goes first and an application property named
 * `$name` comes second, while the code of Edge Hub has it the other way round (spec/query-language 14). The documents
 * count here, since an application could otherwise pass for another device in `$connectionDeviceId`.
 */
export function readEitherProperty(name: string): Evaluate {
  const system = readSystemProperty(name);
  const application = readApplicationProperty(`$${name}`);
  return (message) => system(message) ?? application(message);
}
