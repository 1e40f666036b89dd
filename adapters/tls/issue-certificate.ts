import "reflect-metadata";
import { createPrivateKey } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { HostName } from "./host-names.ts";

/** A certificate and its private key, both PEM; the key is PKCS#8. */
export type PemPair = { readonly certificate: string; readonly key: string };

/** The key type of the global `crypto`, whichever library declares it. */
type WebCryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const dayMs = 86_400_000;
const caLifetimeDays = 3_650;
/** Apple's systems refuse a TLS server certificate that is valid for more than 825 days. */
const serverLifetimeDays = 824;
/** Certificates start a day early, for devices whose clock is slow. */
const backdateMs = dayMs;
const maxCommonNameLength = 64;

/** RSA 2048 through the whole chain, as IoT Hub's is: devices built for it need not know another signature. */
const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const rsa2048 = { ...rsa, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) } as const;

/** Makes the development CA: its own key, 10 years, may sign end certificates and nothing below them (RFC 5280 §4.2.1). */
export async function issueCa({ now }: { now: Date }): Promise<PemPair> {
  const keys = await crypto.subtle.generateKey(rsa2048, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ["Twinstream development CA"] }],
    keys,
    ...validity(now, caLifetimeDays),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), key: await privateKeyPem(keys.privateKey) };
}

/**
 * Makes a server certificate for `hostNames`, signed by `ca`, for 824 days or as long as the CA lasts. `certificate` of
 * the answer is the leaf alone. Throws an Error when the CA's key is not RSA.
 */
export async function issueServerCertificate({ ca, hostNames, now }: ServerRequest): Promise<PemPair> {
  const issuer = new X509Certificate(ca.certificate);
  const keys = await crypto.subtle.generateKey(rsa2048, true, ["sign", "verify"]);
  const { notBefore, notAfter } = validity(now, serverLifetimeDays);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [commonName(hostNames)] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await signingKey(ca.key),
    notBefore: new Date(Math.max(notBefore.getTime(), issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
    extensions: await serverExtensions({ issuer, publicKey: keys.publicKey, hostNames }),
  });
  return { certificate: pemOf(certificate), key: await privateKeyPem(keys.privateKey) };
}

type ServerRequest = { readonly ca: PemPair; readonly hostNames: readonly HostName[]; readonly now: Date };
type ServerSubject = {
  readonly issuer: X509Certificate;
  readonly publicKey: WebCryptoKey;
  readonly hostNames: readonly HostName[];
};

async function serverExtensions({ issuer, publicKey, hostNames }: ServerSubject): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(hostNames.map(({ type, value }) => ({ type, value }))),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const startMs = Math.floor((now.getTime() - backdateMs) / 1_000) * 1_000;
  return { notBefore: new Date(startMs), notAfter: new Date(startMs + days * dayMs) };
}

/** For readers only: clients compare the alternative names. */
function commonName(hostNames: readonly HostName[]): string {
  const fitting = hostNames.find(({ type, value }) => type === "dns" && value.length <= maxCommonNameLength);
  return fitting?.value ?? "Twinstream";
}

async function signingKey(pem: string): Promise<WebCryptoKey> {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "rsa") throw new Error("the development CA's key is not RSA");
  const der = new Uint8Array(key.export({ format: "der", type: "pkcs8" }));
  return await crypto.subtle.importKey("pkcs8", der, rsa, false, ["sign"]);
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem").trimEnd()}\n`;
}

async function privateKeyPem(key: WebCryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
}
