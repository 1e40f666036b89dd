import { utf8Length } from "../device-to-cloud/size.ts";
import { HubError } from "../hub-error.ts";
import { anyMember, invalidMember, type Members, membersOf } from "../identity/members.ts";
import type { Json, JsonObject } from "../json.ts";
import { maxMethodPayloadBytes } from "./method.ts";

/** What a caller wants of a device. */
export type MethodRequest = {
  readonly methodName: string;
  readonly payload: Json;
  readonly connectTimeoutInSeconds: number;
  readonly responseTimeoutInSeconds: number;
};

/**
 * The docs let a method's name have printable US-ASCII but `$ ( ) < > @ , ; : \ " / [ ] ? = { }` and space. They say so of
 * values too, which payloads plainly contradict (spec/twins-methods-jobs 10).
 */
const namePattern = /^[!#%&'*+\-.0-9A-Z^_`a-z|~]+$/;

/**
 * The length of a name is unconfirmed. Edge Hub stops at 100 characters, which a command of a Plug and Play component
 * (`<component>*<command>`, 64 characters each) would not fit into.
 */
const maxNameLength = 256;

/** 5 to 300 seconds by the docs today; older ones and their clients say up to 3,600 (spec/http-api 4). */
const responseSeconds = { min: 5, max: 3_600, ifAbsent: 30 };
const connectSeconds = { min: 0, max: 300, ifAbsent: 0 };

/** The C SDK's edge client says `timeout`, older clients `timeoutInSeconds` (spec/http-api 4, spec/twins-methods-jobs 10). */
const responseNames = ["responseTimeoutInSeconds", "timeoutInSeconds", "timeout"] as const;

/**
 * Reads the body of a call. Names of members count in any case, a time-out of 0 or null is the default, and a payload
 * that is not there is null: whether IoT Hub delivers an empty one then is unconfirmed. Throws HubError `ArgumentNull`
 * without a name, `ArgumentInvalid` for what can't be, and `MessageTooLarge`.
 */
export function parseCall(body: JsonObject): MethodRequest {
  const members = membersOf(body);
  const payload = anyMember(members, "payload") ?? null;
  const sizeBytes = utf8Length(JSON.stringify(payload));
  if (sizeBytes > maxMethodPayloadBytes) {
    const text = `The payload has ${sizeBytes} bytes, more than the ${maxMethodPayloadBytes} that a method may have`;
    throw new HubError("MessageTooLarge", text, { sizeBytes });
  }
  const responseName = responseNames.find((name) => anyMember(members, name) !== undefined) ?? responseNames[0];
  return {
    methodName: nameIn(members),
    payload,
    connectTimeoutInSeconds: secondsIn(members, "connectTimeoutInSeconds", connectSeconds),
    responseTimeoutInSeconds: secondsIn(members, responseName, responseSeconds),
  };
}

function nameIn(members: Members): string {
  const name = anyMember(members, "methodName") ?? "";
  if (name === "") throw new HubError("ArgumentNull", "The method's name is missing");
  if (typeof name !== "string") throw invalidMember("methodName", "a string is expected");
  if (name.length > maxNameLength) throw invalidMember("methodName", `${maxNameLength} characters at most`);
  if (!namePattern.test(name)) throw invalidMember("methodName", "it has characters that a method's name may not have");
  return name;
}

type Range = { readonly min: number; readonly max: number; readonly ifAbsent: number };

function secondsIn(members: Members, name: string, { min, max, ifAbsent }: Range): number {
  const value = anyMember(members, name) ?? 0;
  if (value === 0) return ifAbsent;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidMember(name, `a whole number of seconds from ${min} to ${max} is expected`);
}
