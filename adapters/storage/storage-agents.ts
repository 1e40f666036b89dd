import { X509Certificate } from "node:crypto";
import { Agent } from "node:https";
import { getCACertificates } from "node:tls";

/** The agent for one request, in view of the one that it would get: there is one where a proxy is set. */
export type AgentFor = (given: unknown) => Agent | undefined;

/** Trusts one more CA beside those that Node trusts, but leaves what goes through a proxy alone. */
export function trustingAlso(caPem: string): AgentFor {
  const agent = new Agent({ keepAlive: true, ca: [...getCACertificates("default"), caPem] });
  return (given) => (given === undefined ? agent : undefined);
}

/**
 * Trusts one certificate alone, whatever names it is for, and goes through no proxy: the way to a server of the hub's own on
 * this machine, which has the hub's certificate. `certificatePem` has the certificate first, and may have its issuers.
 */
export function trustingOnly(certificatePem: string): AgentFor {
  const { fingerprint256 } = new X509Certificate(certificatePem);
  const agent = new Agent({
    keepAlive: true,
    ca: certificatePem,
    allowPartialTrustChain: true,
    checkServerIdentity: (_, peer) =>
      peer.fingerprint256 === fingerprint256 ? undefined : new Error("another certificate than the hub's"),
  });
  return () => agent;
}
