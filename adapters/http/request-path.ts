import type { IncomingMessage } from "node:http";

/**
 * What the router is to look at: the target without scheme and authority, should a client send the absolute form
 * (RFC 9112 §3.2.2). A `POST` that says so in its header becomes the `PATCH` it stands for (spec/http-api 1.3), since
 * this is the last place before the route is chosen.
 */
export function prepareRequest(request: IncomingMessage): string {
  const override = request.headers["x-http-method-override"];
  if (request.method === "POST" && String(override).toUpperCase() === "PATCH") request.method = "PATCH";
  const url = (request.url ?? "/").replace(/^https?:\/\/[^/?#]*/i, "");
  return url.startsWith("/") ? url : `/${url}`;
}

/** The path of a request as it was sent: undecoded, no query. */
export const rawPath = (url: string): string => url.split(/[?#]/, 1)[0] ?? "";

/**
 * Whether lower-casing a path would change its length: `İ` becomes two characters, and a router that ignores case
 * would then cut ids at the wrong place. No id holds it.
 */
export const shiftsWhenLowered = (path: string): boolean => /%c4%b0|İ/i.test(path);
