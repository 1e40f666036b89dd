import type { HubTlsOptions } from "../tls/tls-options.ts";

/** What the hub tells Azurite's process. */
export type ToAzurite =
  /** Takes new connections with this certificate; those that stand keep theirs. */
  | { readonly type: "tls"; readonly options: HubTlsOptions }
  /** Asks for all that was written so far to be on disk, and for `saved` then. */
  | { readonly type: "save"; readonly id: number };

/** What Azurite's process tells the hub. */
export type FromAzurite =
  | { readonly type: "listening"; readonly port: number }
  /** It could not start; `code` is the system's, such as EADDRINUSE. */
  | { readonly type: "failed"; readonly code: string | undefined; readonly message: string }
  /** Without `fault` all is on disk. */
  | { readonly type: "saved"; readonly id: number; readonly fault?: string };

/** Where Azurite runs. What is secret, the account, is in the environment as `AZURITE_ACCOUNTS` instead. */
export type AzuritePlace = {
  readonly folder: string;
  /** 0 is any free one. */
  readonly port: number;
  /** The address to listen on; all addresses when left out. */
  readonly bind?: string;
  readonly certFile: string;
  readonly keyFile: string;
};
