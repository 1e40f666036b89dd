import { isJsonObject, type Json, type JsonObject } from "../json.ts";

/** A place in the desired properties with what a configuration puts there. The empty path is the whole section. */
export type DesiredPart = { readonly path: readonly string[]; readonly value: Json };

/** The steps of a path such as `properties.desired.a.b` below the section. */
export const stepsOf = (path: string): readonly string[] => path.split(".").slice(2);

/** The parts of a checked content for a device or module. What a twin says of its own section is none of it. */
export const partsOf = (members: JsonObject): readonly DesiredPart[] =>
  Object.entries(members).map(([key, value]) => {
    const path = stepsOf(key);
    return { path, value: path.length === 0 && isJsonObject(value) ? withoutSystemMembers(value) : value };
  });

function withoutSystemMembers(section: JsonObject): JsonObject {
  const { $metadata: _metadata, $version: _version, ...values } = section;
  return values;
}

/** The members that a deployment has for a module; undefined when it has none. */
export function membersFor(content: JsonObject, moduleId: string): JsonObject | undefined {
  const members = Object.hasOwn(content, moduleId) ? content[moduleId] : undefined;
  return isJsonObject(members) ? members : undefined;
}
