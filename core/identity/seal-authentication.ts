import type { Secrets } from "../ports.ts";
import type { Authentication } from "./authentication.ts";

type Sealing = Pick<Secrets, "seal" | "open" | "generateKey">;

/**
 * Turns clear credentials into the form that events hold: keys sealed, missing ones of the type `sas` generated. A key
 * that `before` has too keeps its sealed text, since sealing it anew would look like a change
 * (spec/identity-and-security 1.3).
 */
export function sealAuthentication(
  clear: Authentication,
  before: Authentication | undefined,
  secrets: Sealing,
): Authentication {
  if (clear.type !== "sas") return clear;
  const known = new Map<string, string>();
  for (const sealed of [before?.symmetricKey.secondaryKey, before?.symmetricKey.primaryKey]) {
    if (sealed) known.set(secrets.open(sealed), sealed);
  }
  const seal = (key: string | null): string => {
    const plain = key ?? secrets.generateKey();
    return known.get(plain) ?? secrets.seal(plain);
  };
  const { primaryKey, secondaryKey } = clear.symmetricKey;
  return { ...clear, symmetricKey: { primaryKey: seal(primaryKey), secondaryKey: seal(secondaryKey) } };
}

/**
 * The clear form of sealed credentials, for a caller who may see keys. Throws HubError `ServerError` as `open` does.
 */
export function openAuthentication(sealed: Authentication, secrets: Pick<Secrets, "open">): Authentication {
  const open = (key: string | null): string | null => (key === null ? null : secrets.open(key));
  const { primaryKey, secondaryKey } = sealed.symmetricKey;
  return { ...sealed, symmetricKey: { primaryKey: open(primaryKey), secondaryKey: open(secondaryKey) } };
}
