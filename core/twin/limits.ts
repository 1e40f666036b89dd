import { utf8Length } from "../device-to-cloud/size.ts";
import { HubError } from "../hub-error.ts";
import type { Json, JsonObject } from "../json.ts";
import { isJsonObject } from "../json.ts";

// spec/twins-methods-jobs 5; IoT Hub docs: device twins, tags and properties format.
const maxKeyBytes = 1024;
const maxStringBytes = 4096;
const maxDepth = 10;
const minInteger = -(2 ** 52);
const maxInteger = 2 ** 52 - 1;

/** Where a value stands while a section is checked. `depth` counts the objects and arrays around it below the section. */
type Place = { readonly depth: number; readonly inArray: boolean; readonly nulls: NullRule };

/** What null means in a write: `remove` the member (PATCH), or nothing that could be stored, so `refuse` it (PUT). */
export type NullRule = "remove" | "refuse";

/**
 * Checks what a caller or device wants written to one section, and returns it without what the hub ignores: `$metadata` and
 * `$version` at the root, which clients send along that echo a whole section (spec/http-api 3.1). IoT Hub documents this for
 * back ends; that a device may echo them in its reported properties too is unconfirmed.
 *
 * Throws HubError `ArgumentInvalid` for a bad key, a value out of bounds, too deep a nesting, or a null where `nulls` or an
 * array forbids it. The walk never goes deeper than the limit, so a hostile nesting costs nothing. The size of the section is
 * `checkSize`'s matter, since it depends on what is stored already.
 */
export function checkSectionInput(input: JsonObject, nulls: NullRule): JsonObject {
  const values = Object.fromEntries(Object.entries(input).filter(([key]) => key !== "$metadata" && key !== "$version"));
  checkMembers(values, { depth: 0, inArray: false, nulls });
  return values;
}

function checkMembers(object: JsonObject, place: Place): void {
  for (const [key, value] of Object.entries(object)) {
    checkKey(key);
    checkValue(key, value, place);
  }
}

/** `key` is the nearest key above `value`: the elements of an array go by the array's. */
function checkValue(key: string, value: Json, place: Place): void {
  if (value === null) checkNull(key, place);
  else if (typeof value === "string") checkString(value);
  else if (typeof value === "number") checkNumber(value);
  else if (typeof value === "object") {
    const inner = { ...place, depth: place.depth + 1, inArray: place.inArray || !isJsonObject(value) };
    // Whether an array counts as a level is unconfirmed for IoT Hub; it does for IoT Edge, and arrays in arrays need a bound.
    if (inner.depth > maxDepth) throw invalid(`Tags and properties may be nested ${maxDepth} levels deep at most.`);
    if (isJsonObject(value)) checkMembers(value, inner);
    else for (const element of value) checkValue(key, element, inner);
  }
}

/**
 * Unconfirmed: an empty key is refused (IoT Edge does), since no path could name it; `#`, which IoT Edge refuses, is let in;
 * a lone surrogate is refused here and in values, since such a text has no UTF-8 form, in which the limits are counted.
 */
function checkKey(key: string): void {
  if (key === "") throw invalid("The name of a tag or property cannot be empty.");
  if (/[\p{Cc}.$ ]/u.test(key)) {
    throw invalid("The name of a tag or property cannot contain control characters, '.', '$' or space.");
  }
  if (!key.isWellFormed()) throw invalid("The name of a tag or property must be valid Unicode.");
  // No character takes less than a byte, so a text of hostile length is refused before it is counted.
  if (key.length > maxKeyBytes || utf8Length(key) > maxKeyBytes) {
    throw invalid(`The name of a tag or property may be ${maxKeyBytes} bytes long at most.`);
  }
}

/** The documented 4 KB for each property is read as the length of one string; objects and arrays share their section's. */
function checkString(value: string): void {
  if (value.length > maxStringBytes || utf8Length(value) > maxStringBytes) {
    throw invalid(`Property or Tag value should be maximum ${maxStringBytes} bytes.`);
  }
  if (!value.isWellFormed()) throw invalid("The value of a tag or property must be valid Unicode.");
}

/** A number that JSON can hold but a double can't arrives as Infinity, and every double from 2^52 on is an integer. */
function checkNumber(value: number): void {
  const outside = !Number.isFinite(value) || value < minInteger || value > maxInteger;
  if (outside) throw invalid(`The number of a tag or property must be between ${minInteger} and ${maxInteger}.`);
}

// The two texts differ in a space, as recorded (spec/twins-methods-jobs 4).
function checkNull(key: string, { inArray, nulls }: Place): void {
  const text = "Value of Property or Tag cannot be null. Error";
  if (inArray) throw invalid(`${text} inProperty/Tag ${key}`);
  if (nulls === "refuse") throw invalid(`${text} in Property/Tag ${key}`);
}

const invalid = (message: string): HubError => new HubError("ArgumentInvalid", message);
