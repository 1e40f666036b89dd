/** Servers as nats.js takes them, and the credentials that stood in their addresses. */
export type ServerAddresses = {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly credentials:
    | { readonly kind: "none" }
    | { readonly kind: "password"; readonly user: string; readonly password: string }
    | { readonly kind: "token"; readonly token: string };
};

const defaultPort = "4222";

/**
 * Reads a comma-separated list of `nats://` or `tls://` addresses, with `user:password@` or `token@` in any of them; the
 * scheme may be left out. nats.js itself ignores credentials in an address, and one connection has one pair of them, so
 * two different ones are refused. No error of this function shows an address, since it may hold a password.
 */
export function parseServerAddresses(list: string): ServerAddresses {
  const texts = list.split(",").map((text) => text.trim());
  const urls = texts.filter((text) => text !== "").map(parseAddress);
  if (urls.length === 0) throw new Error("NATS_URL names no server");
  const withUser = urls.filter(({ username, password }) => username !== "" || password !== "");
  const [first] = withUser;
  if (first !== undefined && withUser.some((url) => !sameCredentials(url, first))) {
    throw new Error("the servers of NATS_URL have different credentials: one connection can only have one");
  }
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || defaultPort}`),
    tls: urls.some(({ protocol }) => protocol === "tls:"),
    credentials: credentialsOf(first),
  };
}

function parseAddress(text: string, index: number): URL {
  const url = URL.parse(text.includes("://") ? text : `nats://${text}`);
  const where = `server ${index + 1} of NATS_URL`;
  if (url === null || url.hostname === "") throw new Error(`${where} is not an address like nats://host:4222`);
  if (url.protocol !== "nats:" && url.protocol !== "tls:") throw new Error(`${where} is neither nats:// nor tls://`);
  return url;
}

const sameCredentials = (a: URL, b: URL): boolean => a.username === b.username && a.password === b.password;

function credentialsOf(url: URL | undefined): ServerAddresses["credentials"] {
  if (url === undefined) return { kind: "none" };
  const user = decodeURIComponent(url.username);
  if (url.password === "") return { kind: "token", token: user };
  return { kind: "password", user, password: decodeURIComponent(url.password) };
}
