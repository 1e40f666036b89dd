import type { Authentication } from "./authentication.ts";

type Pair = readonly [string | null, string | null];

const keysOf = ({ symmetricKey }: Authentication): Pair => [symmetricKey.primaryKey, symmetricKey.secondaryKey];

const thumbprintsOf = ({ x509Thumbprint }: Authentication): Pair => [
  x509Thumbprint.primaryThumbprint,
  x509Thumbprint.secondaryThumbprint,
];

/** Tells whether two sealed authentications are the same text by text. */
export const sameAuthentication = (a: Authentication, b: Authentication): boolean =>
  a.type === b.type && samePair(keysOf(a), keysOf(b)) && samePair(thumbprintsOf(a), thumbprintsOf(b));

const samePair = (a: Pair, b: Pair): boolean => a[0] === b[0] && a[1] === b[1];

/**
 * Tells whether something that proved the identity before no longer does: another type, or a key or thumbprint that is
 * gone. Exchanging primary and secondary, or adding one, takes nothing away. Whether IoT Hub cuts a live connection
 * then is unconfirmed for MQTT; it does for AMQP (spec/identity-and-security 2).
 */
export function losesCredential(before: Authentication, after: Authentication): boolean {
  if (before.type !== after.type) return true;
  return (
    isMissing(keysOf(before), keysOf(after)) || isMissing(lower(thumbprintsOf(before)), lower(thumbprintsOf(after)))
  );
}

const isMissing = (before: Pair, after: Pair): boolean =>
  before.some((credential) => credential !== null && !after.includes(credential));

const lower = ([first, second]: Pair): Pair => [first?.toLowerCase() ?? null, second?.toLowerCase() ?? null];
