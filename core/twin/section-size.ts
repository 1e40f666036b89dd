import { HubError } from "../hub-error.ts";
import type { Json, JsonObject } from "../json.ts";
import { isJsonObject } from "../json.ts";

/** The sections of a twin: their greatest size, and what IoT Hub calls them in its errors (spec/twins-methods-jobs 5). */
const sections = {
  tags: { maxSize: 8 * 1024, title: "Tags" },
  desired: { maxSize: 32 * 1024, title: "Properties.Desired" },
  reported: { maxSize: 32 * 1024, title: "Properties.Reported" },
} as const;

/** The name of a section. */
export type SectionName = keyof typeof sections;

/** What a section weighs: its size by the documented rule, and the control characters which that rule does not count. */
export type SectionSize = { readonly size: number; readonly controls: number };

/**
 * Refuses a write that lets a section grow beyond its limit; one that shrinks an oversize section, or leaves it as large as
 * it was, may pass (spec/twins-methods-jobs 5). Control characters have no part in the documented size, so they have the same
 * limit to themselves: else a device could store any amount of them.
 *
 * Throws HubError `DeviceModelMaxPropertiesExceeded`, which was seen for reported properties; that tags and desired
 * properties give the same is unconfirmed.
 */
export function checkSize(section: SectionName, before: JsonObject, after: JsonObject): void {
  const { maxSize, title } = sections[section];
  const now = sectionSize(after);
  if (now.size <= maxSize && now.controls <= maxSize) return;
  const then = sectionSize(before);
  const grows = (part: keyof SectionSize) => now[part] > maxSize && now[part] > then[part];
  if (!grows("size") && !grows("controls")) return;
  throw new HubError("DeviceModelMaxPropertiesExceeded", `'${title}' size should be less than ${maxSize} bytes.`);
}

/**
 * The size of a section: the sum over its members of key and value, where a text counts its characters but for control
 * characters, a number 8, a boolean 4, an object the sum of its members (spec/twins-methods-jobs 5). A character is a UTF-16
 * unit. Unconfirmed: an array counts the sum of its elements, each of them 1 at least, so that empty ones are not free.
 */
export function sectionSize(values: JsonObject): SectionSize {
  const tally: Tally = { size: 0, controls: 0 };
  addMembers(tally, values);
  return tally;
}

type Tally = { size: number; controls: number };

function addMembers(tally: Tally, values: JsonObject): void {
  for (const [key, value] of Object.entries(values)) {
    addText(tally, key);
    addValue(tally, value);
  }
}

function addValue(tally: Tally, value: Json): void {
  if (typeof value === "string") addText(tally, value);
  else if (typeof value === "number") tally.size += 8;
  else if (typeof value === "boolean") tally.size += 4;
  else if (isJsonObject(value)) addMembers(tally, value);
  else if (value !== null) for (const element of value) addElement(tally, element);
}

function addElement(tally: Tally, element: Json): void {
  const { size } = tally;
  addValue(tally, element);
  if (tally.size === size) tally.size += 1;
}

function addText(tally: Tally, text: string): void {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) tally.controls += 1;
    else tally.size += 1;
  }
}
