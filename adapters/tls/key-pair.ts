import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { type HubTlsOptions, hubTlsOptions } from "./tls-options.ts";

/** PEM files: `certFile` holds the leaf first, then its intermediates; `keyFile` the leaf's key, not encrypted. */
export type KeyPairFiles = { readonly certFile: string; readonly keyFile: string };

/** The contents of a pair of PEM files, not yet checked. */
export type KeyPairText = { readonly cert: string; readonly key: string };

/** A pair that a TLS listener can take. */
export type KeyPair = { readonly certificate: X509Certificate; readonly options: HubTlsOptions };

/** Reads both files; throws the file system's error, which names the file. */
export async function readKeyPair({ certFile, keyFile }: KeyPairFiles): Promise<KeyPairText> {
  const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
  return { cert, key };
}

/**
 * Checks that the texts are a certificate and its private key and that OpenSSL takes them. Throws an Error that names
 * the file and what is wrong with it, and never holds key material.
 */
export function checkKeyPair({ cert, key }: KeyPairText, { certFile, keyFile }: KeyPairFiles): KeyPair {
  const certificate = parseCertificate(cert, certFile);
  const privateKey = parsePrivateKey(key, keyFile);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`${keyFile} is not the key of the first certificate in ${certFile}`);
  }
  const options = hubTlsOptions({ cert, key });
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new Error(`${certFile} and ${keyFile} cannot be used for TLS: ${reasonOf(cause)}`, { cause });
  }
  return { certificate, options };
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Error(`${file} does not begin with a PEM certificate: ${reasonOf(cause)}`, { cause });
  }
}

/** PKCS#8 says so in its label, the older forms in a header (RFC 1421 §4.6.1.1). */
const encryptedPem = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

function parsePrivateKey(pem: string, file: string): KeyObject {
  if (encryptedPem.test(pem)) throw new Error(`${file} is encrypted: a private key without a passphrase is needed`);
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${file} holds no PEM private key: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
