import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type HostName, parseHostNames } from "./host-names.ts";
import type { PemPair } from "./issue-certificate.ts";
import { readIfPresent, writeAtomically } from "./pem-files.ts";

export { defaultHostNames } from "./host-names.ts";

/** The files of a TLS listener. `caFile` is the CA that clients must trust; absent with an operator's own certificate. */
export type TlsFiles = { certFile: string; keyFile: string; caFile?: string };

/** `folder` is the hub's own, `hostNames` all the names and addresses clients connect to; `now` is for tests. */
export type DevelopmentCertificateRequest = {
  readonly folder: string;
  readonly hostNames: readonly string[];
  readonly now?: Date;
};

const renewBeforeMs = 30 * 86_400_000;

type Files = ReturnType<typeof filesIn>;
type Authority = { readonly pem: string; readonly certificate: X509Certificate };

/**
 * Makes sure that `folder` holds a development CA and a server certificate for `hostNames`: `ca.pem`, `ca-key.pem`,
 * `server.pem` (leaf, then CA) and `server-key.pem`. A new folder has mode 0700, keys 0600; each file changes at once.
 * The CA is kept for as long as it is valid, since devices trust it. The server certificate is renewed when it is
 * missing or unreadable, lacks a host name, ends within 30 days, or doesn't fit its key or the CA.
 *
 * Throws an Error when a host name is none, when `ca.pem` is no certificate, and when a signature is needed and
 * `ca-key.pem` is missing or not the CA's: a CA that devices trust is never replaced by guess. Until then the CA's key
 * may be kept elsewhere.
 */
export async function ensureDevelopmentCertificate(request: DevelopmentCertificateRequest): Promise<TlsFiles> {
  const { folder, now = new Date() } = request;
  const hostNames = parseHostNames(request.hostNames);
  if (hostNames.length === 0) throw new Error("a server certificate needs a host name");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = filesIn(folder);
  const ca = (await keptAuthority({ files, now })) ?? (await newAuthority({ files, now }));
  if (!(await serverIsGood({ files, ca, hostNames, now }))) await renewServer({ files, ca, hostNames, now });
  return { certFile: files.server, keyFile: files.serverKey, caFile: files.ca };
}

function filesIn(folder: string) {
  return {
    ca: join(folder, "ca.pem"),
    caKey: join(folder, "ca-key.pem"),
    server: join(folder, "server.pem"),
    serverKey: join(folder, "server-key.pem"),
  };
}

async function keptAuthority({ files, now }: { files: Files; now: Date }): Promise<Authority | undefined> {
  const pem = await readIfPresent(files.ca);
  if (pem === undefined) return undefined;
  const certificate = parseCertificate(pem);
  if (certificate === undefined) throw new Error(`${files.ca} holds no certificate`);
  return certificate.validToDate > now ? { pem, certificate } : undefined;
}

async function newAuthority({ files, now }: { files: Files; now: Date }): Promise<Authority> {
  const { issueCa } = await issuing();
  const pair = await issueCa({ now });
  await writePair({ certFile: files.ca, keyFile: files.caKey, pair });
  return { pem: pair.certificate, certificate: new X509Certificate(pair.certificate) };
}

type ServerCheck = {
  readonly files: Files;
  readonly ca: Authority;
  readonly hostNames: readonly HostName[];
  readonly now: Date;
};

async function serverIsGood({ files, ca, hostNames, now }: ServerCheck): Promise<boolean> {
  const certificate = parseCertificate(await readIfPresent(files.server));
  const key = parseKey(await readIfPresent(files.serverKey));
  if (certificate === undefined || key === undefined) return false;
  const names = new Set(certificate.subjectAltName?.split(", "));
  return (
    certificate.checkPrivateKey(key) &&
    certificate.checkIssued(ca.certificate) &&
    certificate.verify(ca.certificate.publicKey) &&
    certificate.validToDate.getTime() > now.getTime() + renewBeforeMs &&
    hostNames.every(({ type, value }) =>
      type === "dns" ? names.has(`DNS:${value}`) : certificate.checkIP(value) !== undefined,
    )
  );
}

async function renewServer({ files, ca, hostNames, now }: ServerCheck): Promise<void> {
  const key = await readIfPresent(files.caKey);
  if (key === undefined) throw new Error(`${files.caKey} is missing, and the server certificate must be renewed`);
  const parsed = parseKey(key);
  if (parsed === undefined) throw new Error(`${files.caKey} holds no private key`);
  if (!ca.certificate.checkPrivateKey(parsed)) throw new Error(`${files.caKey} is not the key of ${files.ca}`);
  const { issueServerCertificate } = await issuing();
  const leaf = await issueServerCertificate({ ca: { certificate: ca.pem, key }, hostNames, now });
  const pair = { certificate: leaf.certificate + ca.pem, key: leaf.key };
  await writePair({ certFile: files.server, keyFile: files.serverKey, pair });
}

/** The key first: a crash between the two leaves a pair that doesn't fit, which the next start puts right. */
async function writePair({ certFile, keyFile, pair }: { certFile: string; keyFile: string; pair: PemPair }) {
  await writeAtomically({ file: keyFile, text: pair.key, mode: 0o600 });
  await writeAtomically({ file: certFile, text: pair.certificate, mode: 0o644 });
}

/** Loaded at need: most starts sign nothing, and the X.509 package takes longer to load than the checks take to run. */
const issuing = () => import("./issue-certificate.ts");

function parseCertificate(pem: string | undefined): X509Certificate | undefined {
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function parseKey(pem: string | undefined) {
  try {
    return pem === undefined ? undefined : createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
