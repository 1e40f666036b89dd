/** What a token's `sr` is held against: the hub's names, and the decoded path segments of what is asked for. */
export type Audience = { readonly hostNames: readonly string[]; readonly segments: readonly string[] };

/**
 * Tells whether a token with this `sr` covers what is asked for: the hub's name, then a prefix of the path by whole
 * segments. Ids are compared in any case, since IoT Edge signs them in lower case; the id itself comes from the user
 * name or path. An id may be encoded once, twice or not at all (spec/identity-and-security 5.4).
 */
export const covers = (resource: string, audience: Audience): boolean =>
  readings(resource, audience).some((segments) => isPrefix(segments, audience.segments));

/**
 * As `covers`, and takes an `sr` that goes on below what is asked for too, unless it goes on to a module of it: a token
 * of an identity's own key may name one endpoint of that identity (spec/identity-and-security 5.5).
 */
export const coversOrIsWithin = (resource: string, audience: Audience): boolean =>
  readings(resource, audience).some((segments) => {
    const length = audience.segments.length;
    if (segments.length <= length) return isPrefix(segments, audience.segments);
    return segments[length]?.toLowerCase() !== "modules" && isPrefix(segments.slice(0, length), audience.segments);
  });

/** Whether an `sr` is about this hub, whatever of it. */
export const namesHub = (resource: string, hostNames: readonly string[]): boolean =>
  readings(resource, { hostNames, segments: [] }).length > 0;

/** The segments of a request's path, decoded; one that can't be decoded stays as it is. */
export const pathSegments = (path: string): readonly string[] => splitPath(path.replace(/^\//, "")).map(decodedOr);

/** The paths that an `sr` may mean, encoded or not, if it names this hub. */
function readings(resource: string, { hostNames }: Audience): readonly (readonly string[])[] {
  return [resource, decodedOr(resource)].flatMap((text) => {
    const [host = "", ...segments] = splitPath(text);
    return isHostName(host, hostNames) ? [segments] : [];
  });
}

/** Tells whether a name, with or without a port, is one of the hub's. */
export function isHostName(name: string, hostNames: readonly string[]): boolean {
  const host = bareHost(name);
  return hostNames.some((hostName) => bareHost(hostName) === host);
}

// `host`, `host:443`, `[::1]` and `[::1]:443`. An IPv6 address without brackets has more than one colon and no port.
const bareHost = (name: string): string => {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(name)?.[1];
  return (bracketed ?? name.replace(/^([^:]*):\d*$/, "$1")).toLowerCase();
};

function isPrefix(segments: readonly string[], target: readonly string[]): boolean {
  return segments.length <= target.length && segments.every((segment, index) => means(segment, target[index] ?? ""));
}

const means = (segment: string, target: string): boolean => same(segment, target) || same(decodedOr(segment), target);

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Splits at slashes; one at the end counts for nothing. */
const splitPath = (path: string): readonly string[] => {
  const segments = path.split("/");
  return segments.at(-1) === "" ? segments.slice(0, -1) : segments;
};

/** The text percent-decoded, or as it is where it can't be. */
export function decodedOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
