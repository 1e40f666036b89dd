import { checkKeyPair, type KeyPair, type KeyPairFiles, type KeyPairText, readKeyPair } from "./key-pair.ts";
import type { TlsLog } from "./tls-log.ts";
import type { HubTlsOptions } from "./tls-options.ts";
import { watchFiles } from "./watch-files.ts";

/**
 * The TLS of the hub's listeners, which follows its files. `options()` is what to create a server with now; a listener
 * of `onChange` gets what to pass to `server.setSecureContext`: connections that stand are left alone, new ones get the
 * new certificate. Disposing ends the watch.
 */
export type TlsContext = {
  options(): HubTlsOptions;
  onChange(listener: (options: HubTlsOptions) => void): void;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Opens a certificate and its key, and watches both files. A change is taken once the pair fits together; one that
 * doesn't is logged, and the pair in use stays. Throws an Error that names the file when the first pair is bad.
 */
export async function openTlsContext(files: KeyPairFiles, { log }: { log: TlsLog }): Promise<TlsContext> {
  const listeners: ((options: HubTlsOptions) => void)[] = [];
  let seen = await readKeyPair(files);
  let current = checkKeyPair(seen, files);
  warnOutsideValidity({ pair: current, files, log });

  const tell = (listener: (options: HubTlsOptions) => void) => {
    try {
      listener(current.options);
    } catch (err) {
      log.warn({ err, certFile: files.certFile }, "a listener failed to take the new TLS certificate");
    }
  };
  const take = (text: KeyPairText) => {
    if (text.cert === seen.cert && text.key === seen.key) return;
    seen = text;
    current = checkKeyPair(text, files);
    warnOutsideValidity({ pair: current, files, log });
    for (const listener of listeners) tell(listener);
    log.info({ certFile: files.certFile, ...describe(current) }, "TLS certificate reloaded");
  };
  let refusal: string | undefined;
  const check = async () => {
    try {
      take(await readKeyPair(files));
      refusal = undefined;
    } catch (err) {
      if (String(err) === refusal) return;
      refusal = String(err);
      log.warn({ err, certFile: files.certFile }, "changed TLS certificate refused");
    }
  };
  const watching = watchFiles({ files: [files.certFile, files.keyFile], check, log });
  return {
    options: () => current.options,
    onChange: (listener) => void listeners.push(listener),
    [Symbol.asyncDispose]: async () => await watching[Symbol.asyncDispose](),
  };
}

function describe({ certificate }: KeyPair) {
  return { notAfter: certificate.validToDate.toISOString(), fingerprint256: certificate.fingerprint256 };
}

type ValidityCheck = { readonly pair: KeyPair; readonly files: KeyPairFiles; readonly log: TlsLog };

/** Still served: a device with a wrong clock may take it, and no hub at all would help nobody. */
function warnOutsideValidity({ pair, files, log }: ValidityCheck): void {
  const { validFromDate, validToDate } = pair.certificate;
  const now = new Date();
  if (validFromDate <= now && now <= validToDate) return;
  log.warn({ certFile: files.certFile, ...describe(pair) }, "TLS certificate is outside its validity");
}
