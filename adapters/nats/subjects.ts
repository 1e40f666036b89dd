import type { AggregateKey, AggregateName, IdentityKey } from "../../core/events.ts";
import { decodePercent, percentEncoder } from "./percent-encoding.ts";

/**
 * The aggregates whose events the journal keeps. The stream takes the later ones of the design from the start, so that a
 * newer hub need not widen it.
 */
export const journalAggregates = [
  "identity",
  "twin",
  "connection",
  "hub",
  "method",
  "command",
  "job",
  "configuration",
  "upload",
] as const;

const knownAggregates: Readonly<Record<AggregateName, true>> = {
  hub: true,
  identity: true,
  twin: true,
  connection: true,
  command: true,
  method: true,
  upload: true,
  configuration: true,
  job: true,
};

const encodeChars = percentEncoder(" .*>");

/** An empty token is no token for NATS. A percent sign alone comes from nothing else. */
const emptyToken = "%";

/** Turns an id into one token of a subject; ids may hold `.`, `*`, `>` and spaces, tokens may not. */
export const encodeToken = (id: string): string => (id === "" ? emptyToken : encodeChars(id));

/** Turns a token back into the id. Throws URIError for what `encodeToken` never makes. */
export const decodeToken = (token: string): string => (token === emptyToken ? "" : decodePercent(token));

/** Checks the name of a hub: letters, digits and hyphens, at most 50 (IoT Hub docs: naming). Throws for any other. */
export function requireHubName(hub: string): void {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$/.test(hub)) return;
  throw new Error("a hub's name has 1 to 50 letters, digits and hyphens, and no hyphen at its ends");
}

/** The journal's stream of a hub. */
export const journalStream = (hub: string): string => `${hub.toUpperCase()}-JOURNAL`;

/** The stream of one telemetry partition of a hub. */
export const telemetryStream = (hub: string, partition: number): string => `${hub.toUpperCase()}-D2C-${partition}`;

/** The subject of an aggregate: `<hub>.<aggregate>.<device>[.<module>]`. */
export function subjectOf(hub: string, { aggregate, id, moduleId }: AggregateKey): string {
  const subject = `${hub.toLowerCase()}.${aggregate}.${encodeToken(id)}`;
  return moduleId === undefined ? subject : `${subject}.${encodeToken(moduleId)}`;
}

/** Where the node that holds a connection of a device or module takes its method calls: `<hub>.live.<device>[.<module>]`. */
export const liveSubjectOf = (hub: string, key: IdentityKey): string =>
  identitySubject(`${hub.toLowerCase()}.live`, key);

/** Where a node tells that it now takes the method calls of a device or module: `<hub>.served.<device>[.<module>]`. */
export const servedSubjectOf = (hub: string, key: IdentityKey): string =>
  identitySubject(`${hub.toLowerCase()}.served`, key);

function identitySubject(prefix: string, { deviceId, moduleId }: IdentityKey): string {
  const subject = `${prefix}.${encodeToken(deviceId)}`;
  return moduleId === undefined ? subject : `${subject}.${encodeToken(moduleId)}`;
}

/** The subject of a device's or module's telemetry: `<hub>.telemetry.<partition>.<device>[.<module>]`. */
export const telemetrySubjectOf = (hub: string, partition: number, key: IdentityKey): string =>
  identitySubject(`${hub.toLowerCase()}.telemetry.${partition}`, key);

/** The aggregate of a journal subject. Throws for one that is none, or of an aggregate that this hub does not know. */
export function keyOf(subject: string): AggregateKey {
  const [, aggregate, id, moduleId, ...rest] = subject.split(".");
  if (aggregate === undefined || !isKnown(aggregate) || id === undefined || rest.length > 0) {
    throw new Error(`no journal subject of this hub: ${subject}`);
  }
  const key = { aggregate, id: decodeToken(id) };
  return moduleId === undefined ? key : { ...key, moduleId: decodeToken(moduleId) };
}

/**
 * Makes a `keyOf` that remembers: a replay meets the same aggregates again and again, and ids that are one and the same
 * string are found in maps several times quicker. It forgets everything at 50,000 of them, which bounds the memory.
 */
export function createKeyReader(): (subject: string) => AggregateKey {
  const known = new Map<string, AggregateKey>();
  return (subject) => {
    const found = known.get(subject);
    if (found !== undefined) return found;
    if (known.size >= mostKnownKeys) known.clear();
    const key = keyOf(subject);
    known.set(subject, key);
    return key;
  };
}

const mostKnownKeys = 50_000;

const isKnown = (aggregate: string): aggregate is AggregateName => Object.hasOwn(knownAggregates, aggregate);

/** The wildcards over all telemetry of a hub, or over that of one device and its modules. */
export function telemetryWildcards(hub: string, deviceId: string | undefined): readonly string[] {
  const all = `${hub.toLowerCase()}.telemetry.*`;
  if (deviceId === undefined) return [`${all}.>`];
  const device = `${all}.${encodeToken(deviceId)}`;
  return [device, `${device}.*`];
}
