import type { Clock, Secrets } from "../ports.ts";
import { type SasToken, unauthorized, validUntilMs } from "./sas-token.ts";

/** The two keys of an identity or policy, sealed. Both are valid at once. */
export type SealedKeys = { readonly primaryKey: string | null; readonly secondaryKey: string | null };

/**
 * Checks a token's signature against keys, and its expiry. Throws HubError `IotHubUnauthorizedAccess` with the
 * service's texts (spec/identity-and-security 5.3). No keys, because there is nobody to have them, fail as wrong keys
 * do.
 */
export type VerifyToken = (token: SasToken, keys: SealedKeys | undefined) => void;

/** What the check is made of. */
export type VerifyTokenDeps = {
  readonly secrets: Pick<Secrets, "open" | "seal" | "generateKey" | "sign" | "equal">;
  readonly clock: Clock;
};

/** Makes the check. `sign` makes the signature that a key gives a text, in base64; `secrets.sign` when not told. */
export function createVerifyToken(
  { secrets, clock }: VerifyTokenDeps,
  sign = (key: string, text: string): string => secrets.sign(key, text),
): VerifyToken {
  // Stands in for keys that are not there, so that an unknown id takes as long to refuse as a wrong key.
  const decoy = secrets.seal(secrets.generateKey());
  const isSignedBy = (sealed: string | null | undefined, { resource, expiry, signature }: SasToken): boolean => {
    const expected = sign(secrets.open(sealed ?? decoy), `${resource}\n${expiry}`);
    return secrets.equal(expected, signature) && Boolean(sealed);
  };
  return (token, keys) => {
    if (!isSignedBy(keys?.primaryKey, token) && !isSignedBy(keys?.secondaryKey, token)) {
      const rule = "It does not match either the primary or secondary key.";
      throw unauthorized(`The specified SAS token has an invalid signature. ${rule}`);
    }
    if (validUntilMs(token) < clock.now()) throw unauthorized("The specified SAS token is expired");
  };
}
