import { HubError } from "../hub-error.ts";
import type { Authentication, AuthenticationType } from "./authentication.ts";
import { choiceMember, invalidMember, type Members, objectMember, textMember } from "./members.ts";

const types: readonly AuthenticationType[] = ["sas", "selfSigned", "certificateAuthority", "none"];
// Base64 of 64 bytes, and the hex of a SHA-256.
const maxKeyLength = 88;
const maxThumbprintLength = 64;

/** How an identity proves itself when its creator does not say: with keys that the hub is to generate. */
export const defaultAuthentication: Authentication = {
  type: "sas",
  symmetricKey: { primaryKey: null, secondaryKey: null },
  x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
};

/**
 * Reads the member `authentication` of a caller's document, keys in clear; undefined when it is null or not there. Null
 * keys of the type `sas` are to be generated. Without a `type` a thumbprint means `selfSigned`, else it is `sas`.
 * Throws HubError `ArgumentInvalid` (spec/identity-and-security 1.3, 8.1).
 */
export function parseAuthentication(members: Members): Authentication | undefined {
  const authentication = objectMember(members, "authentication");
  if (authentication === undefined) return undefined;
  const symmetricKey = parseKeys(authentication);
  const x509Thumbprint = parseThumbprints(authentication);
  const hasKeys = symmetricKey.primaryKey !== null;
  const hasThumbprints = x509Thumbprint.primaryThumbprint !== null || x509Thumbprint.secondaryThumbprint !== null;
  const type = choiceMember(authentication, "type", types) ?? (hasThumbprints ? "selfSigned" : "sas");
  checkFits(type, hasKeys, hasThumbprints);
  return { type, symmetricKey, x509Thumbprint };
}

// What IoT Hub does with keys beside thumbprints is unconfirmed. The .NET SDK refuses them, and so nothing is lost
// here.
function checkFits(type: AuthenticationType, hasKeys: boolean, hasThumbprints: boolean): void {
  if (hasKeys && type !== "sas") throw invalidMember("authentication.symmetricKey", `not for the type ${type}`);
  if (hasThumbprints && type !== "selfSigned") {
    throw invalidMember("authentication.x509Thumbprint", `not for the type ${type}`);
  }
  if (type === "selfSigned" && !hasThumbprints) {
    throw invalidMember("authentication.x509Thumbprint", "the type selfSigned needs a thumbprint");
  }
}

function parseKeys(authentication: Members): Authentication["symmetricKey"] {
  const keys: Members = objectMember(authentication, "symmetricKey") ?? new Map();
  const primaryKey = parseKey(keys, "primaryKey");
  const secondaryKey = parseKey(keys, "secondaryKey");
  if ((primaryKey === null) === (secondaryKey === null)) return { primaryKey, secondaryKey };
  // Unconfirmed at the service; the rule and the text are the .NET SDK's.
  const message =
    "Either both primary and secondary keys must be specified or neither one to auto generate on service side.";
  throw new HubError("ArgumentInvalid", message);
}

function parseKey(keys: Members, name: string): string | null {
  const key = textMember(keys, name, maxKeyLength) ?? "";
  if (key === "") return null;
  const size = base64Size(key);
  if (size >= 16 && size <= 64) return key;
  throw invalidMember(`authentication.symmetricKey.${name}`, "base64 of 16 to 64 bytes is expected");
}

/** How many bytes a base64 text holds (RFC 4648 §4, padded); 0 for anything else. */
function base64Size(text: string): number {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return 0;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

function parseThumbprints(authentication: Members): Authentication["x509Thumbprint"] {
  const thumbprints: Members = objectMember(authentication, "x509Thumbprint") ?? new Map();
  const primaryThumbprint = parseThumbprint(thumbprints, "primaryThumbprint");
  const secondaryThumbprint = parseThumbprint(thumbprints, "secondaryThumbprint");
  if (primaryThumbprint && secondaryThumbprint && primaryThumbprint.length !== secondaryThumbprint.length) {
    throw invalidMember("authentication.x509Thumbprint", "both thumbprints must be of the same kind");
  }
  return { primaryThumbprint, secondaryThumbprint };
}

/** SHA-1 or SHA-256 in hex, its case kept as given. */
function parseThumbprint(thumbprints: Members, name: string): string | null {
  const thumbprint = textMember(thumbprints, name, maxThumbprintLength) ?? "";
  if (thumbprint === "") return null;
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(thumbprint)) return thumbprint;
  throw invalidMember(`authentication.x509Thumbprint.${name}`, "40 or 64 hex digits are expected");
}
