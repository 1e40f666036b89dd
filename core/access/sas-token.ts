import { HubError } from "../hub-error.ts";

/** A parsed SAS token; nothing of it is proved yet. */
export type SasToken = {
  /** The field `sr` as sent: it is signed in this form, never decode and encode it again. */
  readonly resource: string;
  /** Base64. */
  readonly signature: string;
  /** The field `se` as sent, which is signed too. */
  readonly expiry: string;
  /** Seconds since 1970, UTC. */
  readonly expirySeconds: number;
  /** The policy that signed it; undefined when an identity's own key did. */
  readonly policy: string | undefined;
};

// A scope of three 128-character ids, all escaped twice, needs a third of this.
const maxTokenLength = 4096;
const clockSkewMs = 5 * 60 * 1000;

/** The error for whoever could not prove a right. `message` is for logs; HTTP shows no reason to the caller. */
export const unauthorized = (message: string): HubError => new HubError("IotHubUnauthorizedAccess", message);

/**
 * Parses `SharedAccessSignature sr=…&sig=…&se=…[&skn=…]`, fields in any order and their names in any case; unknown ones
 * are ignored. Throws HubError `IotHubUnauthorizedAccess` (spec/identity-and-security 5.1).
 */
export function parseSasToken(text: string | undefined): SasToken {
  if (text === undefined || text === "") throw unauthorized("Authorization header missing");
  if (text.length > maxTokenLength) throw unauthorized("Malformed signature");
  const [scheme, fieldText, ...rest] = text.split(/\s+/);
  if (scheme !== "SharedAccessSignature" || !fieldText || rest.length > 0) throw unauthorized("Malformed signature");
  const fields = fieldsOf(fieldText);
  const resource = required(fields, "sr");
  const signature = decoded(required(fields, "sig"));
  const expiry = required(fields, "se");
  return {
    resource,
    // A space is a `+` that the client forgot to escape.
    signature: signature.replaceAll(" ", "+"),
    expiry,
    expirySeconds: secondsOf(decoded(expiry)),
    policy: decoded(fields.get("skn") ?? "") || undefined,
  };
}

/**
 * Milliseconds since 1970 after which a token no longer counts: its expiry and 5 minutes for clocks that differ (5.3).
 */
export const validUntilMs = ({ expirySeconds }: SasToken): number => Math.floor(expirySeconds * 1000) + clockSkewMs;

function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.split("&")) {
    const equals = field.indexOf("=");
    if (equals < 0) throw unauthorized("Malformed signature");
    const name = field.slice(0, equals).toLowerCase();
    if (fields.has(name)) throw unauthorized("Malformed signature");
    fields.set(name, field.slice(equals + 1));
  }
  return fields;
}

function required(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (!value) throw unauthorized(`Missing field: ${name}`);
  return value;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw unauthorized("Malformed signature");
  }
}

// SDKs send whole seconds; hand-made clients also send the fraction that their clock gave them.
function secondsOf(text: string): number {
  if (!/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) throw unauthorized("Malformed field: se");
  return Number(text);
}
