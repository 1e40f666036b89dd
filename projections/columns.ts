import type { Authentication, AuthenticationType } from "../core/identity/authentication.ts";

/** The columns that devices and modules share for their credentials, in the order of `authenticationValues`. */
export const authenticationColumns = [
  "authenticationType",
  "primaryThumbprint",
  "secondaryThumbprint",
  "sealedPrimaryKey",
  "sealedSecondaryKey",
] as const;

/** The credentials of an identity as column values. */
export const authenticationValues = ({ type, symmetricKey, x509Thumbprint }: Authentication) =>
  [
    type,
    x509Thumbprint.primaryThumbprint,
    x509Thumbprint.secondaryThumbprint,
    symmetricKey.primaryKey,
    symmetricKey.secondaryKey,
  ] as const;

/** The row's columns of `authenticationColumns`. */
export type AuthenticationRow = {
  readonly authenticationType: AuthenticationType;
  readonly primaryThumbprint: string | null;
  readonly secondaryThumbprint: string | null;
  readonly sealedPrimaryKey: string | null;
  readonly sealedSecondaryKey: string | null;
};

/** The credentials of an identity from its row. */
export const authenticationOf = (row: AuthenticationRow): Authentication => ({
  type: row.authenticationType,
  symmetricKey: { primaryKey: row.sealedPrimaryKey, secondaryKey: row.sealedSecondaryKey },
  x509Thumbprint: { primaryThumbprint: row.primaryThumbprint, secondaryThumbprint: row.secondaryThumbprint },
});

/**
 * Builds the statement that writes a whole row, new or not. `jsonb` names the columns whose values are bound as JSON text.
 */
export function upsertSql(
  table: string,
  shape: { readonly key: readonly string[]; readonly columns: readonly string[]; readonly jsonb: readonly string[] },
): string {
  const { key, columns, jsonb } = shape;
  const values = [...key, ...columns].map((column) => (jsonb.includes(column) ? "jsonb(?)" : "?"));
  const updates = columns.map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${[...key, ...columns].join(", ")}) VALUES (${values.join(", ")})
    ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${updates.join(", ")}`;
}
