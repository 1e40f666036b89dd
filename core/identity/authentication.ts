/** How an identity proves itself. */
export type AuthenticationType = "sas" | "selfSigned" | "certificateAuthority" | "none";

/**
 * The credentials of an identity. In events and state the symmetric keys are sealed; in commands and answers they are
 * base64 text in clear. Every member is present, unused ones are null, as IoT Hub's own documents show them.
 */
export type Authentication = {
  readonly type: AuthenticationType;
  readonly symmetricKey: { readonly primaryKey: string | null; readonly secondaryKey: string | null };
  readonly x509Thumbprint: { readonly primaryThumbprint: string | null; readonly secondaryThumbprint: string | null };
};
