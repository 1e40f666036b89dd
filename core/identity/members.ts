import { HubError } from "../hub-error.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";

/**
 * The members of a caller's JSON object by lower-case name: IoT Hub reads names in any case (spec/http-api 1.2). Of two
 * names that differ in case only, the later one counts. Reading never fails on what nobody asks for, so unknown and
 * read-only members are ignored.
 */
export type Members = ReadonlyMap<string, Json>;

/** Indexes an object's own members. */
export const membersOf = (object: JsonObject): Members =>
  new Map(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]));

/** A member as it is, or undefined. */
export const anyMember = (members: Members, name: string): Json | undefined => members.get(name.toLowerCase());

/** The error for a member with a value that cannot be. The value itself is not shown: it may be a key. */
export const invalidMember = (name: string, rule: string): HubError =>
  new HubError("ArgumentInvalid", `Invalid value for '${name}': ${rule}`, { member: name });

/** A text of at most `maxLength` UTF-16 units, null, or undefined when it is not there. Throws `ArgumentInvalid`. */
export function textMember(members: Members, name: string, maxLength: number): string | null | undefined {
  const value = anyMember(members, name);
  if (value === undefined || value === null) return value;
  if (typeof value !== "string") throw invalidMember(name, "a string is expected");
  if (value.length > maxLength) throw invalidMember(name, `${maxLength} characters at most`);
  return value;
}

/** A boolean, or undefined when it is null or not there. Throws `ArgumentInvalid`. */
export function booleanMember(members: Members, name: string): boolean | undefined {
  const value = anyMember(members, name) ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  throw invalidMember(name, "true or false is expected");
}

/** The members of an object, or undefined when it is null or not there. Throws `ArgumentInvalid`. */
export function objectMember(members: Members, name: string): Members | undefined {
  const value = anyMember(members, name) ?? undefined;
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw invalidMember(name, "an object is expected");
  return membersOf(value);
}

/**
 * One of `choices`, written in any case, or undefined when it is null, empty or not there. Throws `ArgumentInvalid`.
 */
export function choiceMember<Choice extends string>(
  members: Members,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = anyMember(members, name) ?? "";
  if (value === "") return undefined;
  const wanted = typeof value === "string" ? value.toLowerCase() : undefined;
  const choice = choices.find((each) => each.toLowerCase() === wanted);
  if (choice === undefined) throw invalidMember(name, `one of ${choices.join(", ")} is expected`);
  return choice;
}

/**
 * Texts of at most `maxLength` UTF-16 units each, or undefined when the array is null or not there. Throws
 * `ArgumentInvalid`, also for more than `maxItems` of them.
 */
export function textsMember(
  members: Members,
  name: string,
  { maxItems, maxLength }: { readonly maxItems: number; readonly maxLength: number },
): readonly string[] | undefined {
  const value = anyMember(members, name) ?? undefined;
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalidMember(name, "an array is expected");
  if (value.length > maxItems) throw invalidMember(name, `${maxItems} elements at most`);
  return value.map((text: Json) => {
    if (typeof text === "string" && text.length <= maxLength) return text;
    throw invalidMember(name, `strings of ${maxLength} characters at most are expected`);
  });
}
