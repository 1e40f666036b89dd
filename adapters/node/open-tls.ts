import type { Logger } from "pino";
import type { Settings } from "../settings/schema.ts";
import { defaultHostNames, ensureDevelopmentCertificate, type TlsFiles } from "../tls/dev-ca.ts";
import type { KeyPairFiles } from "../tls/key-pair.ts";
import { openTlsContext, type TlsContext } from "../tls/reloading-context.ts";

/** The hub's TLS identity. */
export type HubTls = AsyncDisposable & {
  readonly context: TlsContext;
  /** Where the certificate and its key are. */
  readonly files: KeyPairFiles;
  /** The names by which clients may call this hub. */
  readonly hostNames: readonly string[];
  /** The CA that clients must trust; undefined with the operator's own certificate. */
  readonly caFile: string | undefined;
};

type OpenTls = { readonly settings: Settings; readonly folder: string; readonly log: Logger };

/** Opens the operator's certificate, or a development certificate that is made at the first start. */
export async function openTls({ settings, folder, log }: OpenTls): Promise<HubTls> {
  const hostNames = defaultHostNames(settings.host);
  const { tlsCert, tlsKey } = settings;
  const own = tlsCert !== undefined && tlsKey !== undefined;
  const files: TlsFiles = own
    ? { certFile: tlsCert, keyFile: tlsKey }
    : await ensureDevelopmentCertificate({ folder, hostNames });
  const context = await openTlsContext(files, { log });
  return {
    context,
    files,
    hostNames,
    caFile: files.caFile,
    [Symbol.asyncDispose]: () => context[Symbol.asyncDispose](),
  };
}
