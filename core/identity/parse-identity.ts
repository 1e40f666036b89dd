import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { JsonObject } from "../json.ts";
import type { Authentication } from "./authentication.ts";
import type { DeviceFields } from "./device.ts";
import {
  booleanMember,
  choiceMember,
  type Members,
  membersOf,
  objectMember,
  textMember,
  textsMember,
} from "./members.ts";
import { parseAuthentication } from "./parse-authentication.ts";

/** What a caller says about a device: checked, keys in clear. Undefined is what the document leaves open. */
export type DeviceInput = {
  readonly status: DeviceFields["status"] | undefined;
  readonly statusReason: string | null;
  readonly authentication: Authentication | undefined;
  readonly iotEdge: boolean | undefined;
  /** The empty text takes a leaf device off its parent. */
  readonly deviceScope: string | undefined;
  readonly parentScopes: readonly string[] | undefined;
};

/** What a caller says about a module: checked, keys in clear. Undefined is what the document leaves open. */
export type ModuleInput = {
  readonly managedBy: string | null | undefined;
  readonly authentication: Authentication | undefined;
};

const statuses: readonly DeviceFields["status"][] = ["enabled", "disabled"];
const maxTextLength = 128;
// A scope is 20 characters, a device id, a dash and a generation of 18; the rest is room for other hubs' scopes.
const maxScopeLength = 256;

// Sources disagree on the set: all characters that any of them names are taken (spec/identity-and-security 1.2).
const idRule = "1 to 128 ASCII letters, digits and some punctuation are expected, no space and no slash";
const idPattern = /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$/;

/** Tells whether a text may be the id of a device or module. Never a `/`, never a space. */
export const isId = (text: unknown): text is string => typeof text === "string" && idPattern.test(text);

/** Checks the id of a device that is to be written. Throws HubError `ArgumentInvalid`. */
export function checkDeviceId(deviceId: unknown): string {
  if (isId(deviceId)) return deviceId;
  throw new HubError("ArgumentInvalid", `The device id is not valid, ${idRule}`);
}

/**
 * Checks the ids of a module that is to be written. Throws HubError `ArgumentInvalid`, and
 * `CannotRegisterModuleToModule` when the device id is itself that of a module, in the form `device/module` (when IoT
 * Hub says so is unconfirmed).
 */
export function checkModuleKey(deviceId: unknown, moduleId: unknown): Required<IdentityKey> {
  if (typeof deviceId === "string" && deviceId.length <= 2 * maxTextLength + 1) {
    const [device, parentModule, ...rest] = deviceId.split("/");
    if (isId(device) && isId(parentModule) && rest.length === 0) {
      throw new HubError("CannotRegisterModuleToModule", "A module can not have modules of its own");
    }
  }
  const device = checkDeviceId(deviceId);
  if (isId(moduleId)) return { deviceId: device, moduleId };
  throw new HubError("ArgumentInvalid", `The module id is not valid, ${idRule}`);
}

/**
 * Reads a device document that is to be put at `deviceId` (spec/http-api 2.1). Its own `deviceId`, if it has one, must
 * be the same. Throws HubError `ArgumentInvalid`.
 */
export function parseDevice(body: JsonObject, deviceId: string): DeviceInput {
  const members = membersOf(body);
  checkDeviceId(deviceId);
  checkSameId(members, "deviceId", deviceId);
  return deviceInput(members);
}

/** As `parseDevice`, for a module document (spec/http-api 2.3). Throws also as `checkModuleKey`. */
export function parseModule(body: JsonObject, deviceId: string, moduleId: string): ModuleInput {
  const members = membersOf(body);
  checkModuleKey(deviceId, moduleId);
  checkSameId(members, "deviceId", deviceId);
  checkSameId(members, "moduleId", moduleId);
  return moduleInput(members);
}

/** Reads what a device document or a bulk entry has in common. Throws HubError `ArgumentInvalid`. */
export function deviceInput(members: Members): DeviceInput {
  const capabilities: Members = objectMember(members, "capabilities") ?? new Map();
  return {
    status: choiceMember(members, "status", statuses),
    statusReason: textMember(members, "statusReason", maxTextLength) ?? null,
    authentication: parseAuthentication(members),
    iotEdge: booleanMember(capabilities, "iotEdge"),
    deviceScope: textMember(members, "deviceScope", maxScopeLength) ?? undefined,
    parentScopes: textsMember(members, "parentScopes", { maxItems: 1, maxLength: maxScopeLength }),
  };
}

/** Reads what a module document or a bulk entry has in common. Throws HubError `ArgumentInvalid`. */
export const moduleInput = (members: Members): ModuleInput => ({
  managedBy: textMember(members, "managedBy", maxTextLength),
  authentication: parseAuthentication(members),
});

function checkSameId(members: Members, name: string, id: string): void {
  const inBody = textMember(members, name, maxTextLength) ?? id;
  if (inBody !== id) throw new HubError("ArgumentInvalid", `The '${name}' in the body is not the one in the path`);
}
