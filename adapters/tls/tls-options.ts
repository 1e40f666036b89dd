import type { TlsOptions } from "node:tls";

/** What a TLS listener of the hub takes, and what `server.setSecureContext` takes after a change. PEM in cert and key. */
export type HubTlsOptions = Readonly<
  Required<
    Pick<
      TlsOptions,
      | "cert"
      | "key"
      | "minVersion"
      | "ciphers"
      | "ecdhCurve"
      | "honorCipherOrder"
      | "requestCert"
      | "rejectUnauthorized"
    >
  >
>;

/** TLS 1.3 suites, then the ones IoT Hub takes on TLS 1.2 (IoT Hub docs: TLS support), cheapest first. */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-SHA256",
  "ECDHE-RSA-AES128-SHA256",
  "ECDHE-ECDSA-AES256-SHA384",
  "ECDHE-RSA-AES256-SHA384",
];

/** The two curves that cost least in a handshake, and P-384 for a client that has neither. */
const curves = ["X25519", "P-256", "P-384"];

/**
 * The hub's TLS: 1.2 and up, the server's order of suites. A client certificate is asked for and never required, as one
 * port serves devices with a token and devices with a certificate; what a certificate is worth, the hub decides later.
 */
export function hubTlsOptions({ cert, key }: { cert: string; key: string }): HubTlsOptions {
  return {
    cert,
    key,
    minVersion: "TLSv1.2",
    ciphers: ciphers.join(":"),
    ecdhCurve: curves.join(":"),
    honorCipherOrder: true,
    requestCert: true,
    rejectUnauthorized: false,
  };
}
