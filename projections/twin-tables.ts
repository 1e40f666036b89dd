import { withMembers } from "../query/sql/seam.ts";
import {
  booleanColumn,
  constantText,
  jsonPlace,
  nowhere,
  numberColumn,
  objectOf,
  plainColumn,
  type SqlPlace,
  type SqlSource,
  type SqlTables,
  textColumn,
} from "../query/sql/source.ts";

/**
 * Where the fields of a twin document (`twinDocument` of core) lie in the tables of the views. `key` stands for the one that
 * the others are joined to.
 */
type Table = "key" | "devices" | "modules" | "twins" | "connections" | "commandQueues";
type Field = { readonly table: Table; readonly place: (key: string) => SqlPlace };
type Paths = readonly (readonly string[])[];
type FieldAt = (steps: readonly string[]) => Field;

/** How IoT Hub writes a time that never came, and the same as the other times are written. */
const never = "0001-01-01T00:00:00Z";
const neverInMs = "0001-01-01T00:00:00.000Z";

/** The members of a device twin, in the order of `twinDocument`. */
const deviceMembers: readonly string[] = [
  ["deviceId", "etag", "deviceEtag", "status", "statusReason", "statusUpdateTime", "connectionState"],
  ["lastActivityTime", "cloudToDeviceMessageCount", "authenticationType", "x509Thumbprint", "modelId", "version"],
  ["tags", "properties", "configurations", "capabilities", "deviceScope", "parentScopes"],
].flat();

/** The members of a module twin, in the order of `twinDocument`. */
const moduleMembers: readonly string[] = [
  ["deviceId", "moduleId", "etag", "deviceEtag", "status", "statusUpdateTime", "connectionState"],
  ["lastActivityTime", "cloudToDeviceMessageCount", "authenticationType", "x509Thumbprint", "modelId", "version"],
  ["tags", "properties", "configurations"],
].flat();

/** Device twins. `twins` has a row just for every device, so that what is read of one of them needs no other table. */
export const deviceTables: SqlSource = { members: deviceMembers, tables: tablesOfDevices };

function tablesOfDevices(paths: Paths): SqlTables {
  const used = tablesOf(paths, deviceField);
  const key = used.has("twins") ? "twins" : "devices";
  const joins = [
    ...(used.has("devices") && key === "twins" ? ["JOIN devices ON devices.deviceId = twins.deviceId"] : []),
    ...(used.has("connections") ? [connectionOf(key, "''")] : []),
    ...(used.has("commandQueues") ? [`LEFT JOIN commandQueues ON commandQueues.deviceId = ${key}.deviceId`] : []),
  ];
  return {
    place: (steps) => deviceField(steps).place(key),
    from: [key, ...joins].join(" "),
    where: key === "twins" ? ["twins.moduleId = ''"] : [],
    key: [`${key}.deviceId`],
  };
}

/** Module twins. A module that waits for its device has no twin, and nobody sees it. */
export const moduleTables: SqlSource = { members: moduleMembers, tables: tablesOfModules };

function tablesOfModules(paths: Paths): SqlTables {
  const used = tablesOf(paths, moduleField);
  const key = used.has("twins") ? "twins" : "modules";
  const isSame = "modules.deviceId = twins.deviceId AND modules.moduleId = twins.moduleId";
  const joins = [
    ...(used.has("modules") && key === "twins" ? [`JOIN modules ON ${isSame}`] : []),
    ...(used.has("connections") ? [connectionOf(key, `${key}.moduleId`)] : []),
  ];
  return {
    place: (steps) => moduleField(steps).place(key),
    from: [key, ...joins].join(" "),
    where: [key === "twins" ? "twins.moduleId <> ''" : "modules.pendingTwin IS NULL"],
    key: [`${key}.deviceId`, `${key}.moduleId`],
  };
}

const tablesOf = (paths: Paths, fieldAt: FieldAt): Set<Table> => new Set(paths.map((steps) => fieldAt(steps).table));

/** What a deleted identity's connection left behind tells nothing of the one that has its id now. */
const connectionOf = (key: string, moduleId: string): string =>
  `LEFT JOIN connections ON connections.deviceId = ${key}.deviceId AND connections.moduleId = ${moduleId} ` +
  `AND connections.generationId = ${key}.generationId`;

const field = (table: Table, place: SqlPlace): Field => ({ table, place: () => place });
const keyField = (column: string): Field => ({ table: "key", place: (key) => textColumn(`${key}.${column}`) });
const absent = field("key", nowhere);

/** Fields without anything below them. */
const deviceFields: ReadonlyMap<string, Field> = new Map([
  ["deviceId", keyField("deviceId")],
  ["status", field("devices", plainColumn("devices.status"))],
  ["statusReason", field("devices", textColumn("devices.statusReason", "undefined"))],
  ["statusUpdateTime", field("devices", timeColumn("devices.statusUpdatedTime"))],
  ["deviceScope", field("devices", textColumn("devices.deviceScope", "undefined"))],
  ["parentScopes", field("devices", parentScopes())],
  ["capabilities", field("devices", objectOf(`iif(devices.iotEdge, '{"iotEdge":true}', '{"iotEdge":false}')`))],
  [
    "cloudToDeviceMessageCount",
    field(
      "commandQueues",
      numberColumn("iif(commandQueues.pending IS NULL, 0, json_array_length(commandQueues.pending))"),
    ),
  ],
]);

/** A module has neither a status nor a queue of its own (spec/twins-methods-jobs 8, spec/messaging 6.1). */
const moduleFields: ReadonlyMap<string, Field> = new Map([
  ["deviceId", keyField("deviceId")],
  ["moduleId", keyField("moduleId")],
  ["status", field("key", constantText("enabled"))],
  ["statusUpdateTime", field("key", constantText(never))],
  ["cloudToDeviceMessageCount", field("key", numberColumn("0"))],
]);

const commonFields: ReadonlyMap<string, Field> = new Map([
  ["etag", field("twins", plainColumn("twins.etag"))],
  ["version", field("twins", numberColumn("twins.version"))],
  ["tags", field("twins", objectOf("json(twins.tags)", isFilled("twins.tags")))],
  ["configurations", field("twins", objectOf("json(twins.configurations)", "twins.configurations IS NOT NULL"))],
  ["connectionState", field("connections", connectionState())],
  ["lastActivityTime", field("connections", timeColumn("connections.lastActivityTime"))],
  ["modelId", field("connections", textColumn("connections.modelId", "undefined"))],
]);

function deviceField(steps: readonly string[]): Field {
  if (steps.length === 2 && steps[0] === "capabilities" && steps[1] === "iotEdge") {
    return field("devices", booleanColumn("devices.iotEdge"));
  }
  return (steps.length === 1 ? deviceFields.get(steps[0] ?? "") : undefined) ?? commonField(steps, "devices");
}

const moduleField: FieldAt = (steps) =>
  (steps.length === 1 ? moduleFields.get(steps[0] ?? "") : undefined) ?? commonField(steps, "modules");

/** What device and module twins have alike; `identity` is the table of the one or the other. */
function commonField(steps: readonly string[], identity: "devices" | "modules"): Field {
  const [root = "", ...below] = steps;
  const document = documentAt(steps);
  if (document !== undefined) return field("twins", placeInDocument(document));
  if (root === "properties") return field("twins", propertiesPlace(below));
  if (root === "x509Thumbprint") return field(identity, thumbprintPlace(identity, below));
  if (below.length > 0) return absent;
  if (root === "deviceEtag") return field(identity, plainColumn(`${identity}.etag`));
  if (root === "authenticationType") return field(identity, plainColumn(`${identity}.authenticationType`));
  return commonFields.get(root) ?? absent;
}

/** A place in a document that a column of `twins` holds as JSON. */
export type DocumentPlace = { readonly column: string; readonly below: readonly string[] };

/** The document that a path leads into, if it leads into one: what indexes for queries are made of. */
export function documentAt([root, first, second, ...others]: readonly string[]): DocumentPlace | undefined {
  if (first === undefined) return undefined;
  const rest = second === undefined ? [] : [second, ...others];
  if (root === "tags" || root === "configurations") return { column: root, below: [first, ...rest] };
  if (root !== "properties" || (first !== "desired" && first !== "reported") || second === undefined) return undefined;
  if (second === "$version") return undefined;
  return second === "$metadata"
    ? { column: `${first}Metadata`, below: others }
    : { column: first, below: [second, ...others] };
}

function placeInDocument({ column, below }: DocumentPlace): SqlPlace {
  const place = jsonPlace(`twins.${column}`, below);
  if (column === "configurations") return { ...place, exists: "twins.configurations IS NOT NULL" };
  // The hub writes this itself, and no property's name begins with `$`.
  return column.endsWith("Metadata") && below.at(-1) === "$lastUpdated" ? { ...place, time: place.value } : place;
}

/** Both sections, one of them, or the version of one. */
function propertiesPlace([section, member, ...below]: readonly string[]): SqlPlace {
  if (section === undefined) {
    return shownAs(both(sectionJson), both(sectionText));
  }
  if (section !== "desired" && section !== "reported") return nowhere;
  if (member === undefined) return shownAs(sectionJson(section), sectionText(section));
  return below.length === 0 ? numberColumn(`twins.${section}Version`) : nowhere;
}

type Section = "desired" | "reported";

const both = (json: (section: Section) => string): string =>
  `'{"desired":' || ${json("desired")} || ',"reported":' || ${json("reported")} || '}'`;

const sectionJson = (section: Section): string =>
  `json_set(twins.${section}, '$."$metadata"', twins.${section}Metadata, '$."$version"', twins.${section}Version)`;

const sectionText = (section: Section): string =>
  withMembers(`twins.${section}`, [
    `'"$metadata":'`,
    `json(twins.${section}Metadata)`,
    `',"$version":'`,
    `twins.${section}Version`,
  ]);

/** An object whose text in a result is written in another way than where it is compared. */
const shownAs = (value: string, json: string): SqlPlace => ({ ...objectOf(value), json });

function thumbprintPlace(identity: string, [which, ...below]: readonly string[]): SqlPlace {
  const primary = textColumn(`${identity}.primaryThumbprint`, "null");
  const secondary = textColumn(`${identity}.secondaryThumbprint`, "null");
  if (which === undefined) {
    return objectOf(
      `concat('{"primaryThumbprint":', ${primary.json}, ',"secondaryThumbprint":', ${secondary.json}, '}')`,
    );
  }
  if (below.length > 0) return nowhere;
  if (which === "primaryThumbprint") return primary;
  return which === "secondaryThumbprint" ? secondary : nowhere;
}

/** Said so that it holds for no row without a connection, the state is found by the index of live connections. */
function connectionState(): SqlPlace {
  return {
    ...plainColumn("iif(connections.connected = 1, 'Connected', 'Disconnected')"),
    choices: [
      { text: "Connected", when: "connections.connected = 1" },
      { text: "Disconnected", when: "connections.connected IS NOT 1" },
    ],
  };
}

/** Empty lists are left out of the document. */
function parentScopes(): SqlPlace {
  const isThere = isFilled("devices.parentScopes");
  return { ...objectOf("json(devices.parentScopes)", isThere), array: { is: isThere, items: "devices.parentScopes" } };
}

/** JSONB of an empty object or array is a single byte (sqlite.org/jsonb.html). */
function isFilled(column: string): string {
  return `length(${column}) > 1`;
}

function timeColumn(column: string): SqlPlace {
  return { ...plainColumn(`coalesce(${column}, '${never}')`), time: `coalesce(${column}, '${neverInMs}')` };
}
