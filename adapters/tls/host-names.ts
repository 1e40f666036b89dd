import { isIP, isIPv6 } from "node:net";
import { hostname } from "node:os";
import { domainToASCII } from "node:url";

/** A name that a server certificate answers to, in the form in which it is compared and written to the certificate. */
export type HostName = { readonly type: "dns" | "ip"; readonly value: string };

/**
 * Reads a host name or an address: lower case, punycode, no final dot, addresses in their shortest form (RFC 5952),
 * IPv6 with or without brackets. Throws an Error that quotes a name which is neither.
 */
export function parseHostName(text: string): HostName {
  const bare = text
    .trim()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
  const value = domainToASCII(isIPv6(bare) ? `[${bare}]` : bare).replace(/^\[(.*)\]$/, "$1");
  if (value === "") throw new Error(`"${text}" is neither a host name nor an IP address`);
  return { type: isIP(value) === 0 ? "dns" : "ip", value };
}

/** Reads host names as `parseHostName` does and drops those that say the same; the order is kept. */
export function parseHostNames(texts: readonly string[]): HostName[] {
  const byValue = new Map(texts.map(parseHostName).map((name) => [name.value, name]));
  return [...byValue.values()];
}

/**
 * The names by which a hub on this machine is reached: localhost, 127.0.0.1, ::1, the machine's own name (left out when
 * it cannot be a host name) and, when given, `extra`. Throws an Error for an `extra` that is no host name.
 */
export function defaultHostNames(extra?: string): string[] {
  const machine = hostname();
  const names = ["localhost", "127.0.0.1", "::1"];
  if (domainToASCII(machine) !== "") names.push(machine);
  if (extra !== undefined && extra !== "") names.push(extra);
  return parseHostNames(names).map((name) => name.value);
}
