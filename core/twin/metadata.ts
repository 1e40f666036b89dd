import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { type Members, memberOf, setMember } from "./members.ts";

/**
 * What a write leaves on each node that it touches: when, in ISO 8601, and for desired properties the `$version` of the
 * write. Reported properties have no `$lastUpdatedVersion` (spec/twins-methods-jobs 2). What an automatic configuration
 * writes names it, with a digest of its content (spec/http-api 3.2).
 */
export type Stamp = {
  readonly $lastUpdated: string;
  readonly $lastUpdatedVersion?: number;
  readonly $lastUpdatedBy?: string;
  readonly $lastUpdatedByDigest?: string;
};

/**
 * Stamps the `$metadata` tree of a section for a merge patch: the nodes that the patch names and every node above them, up
 * to the root. What it does not name keeps its old stamp, and the node of a removed key goes, so that the removal shows in
 * the stamps above it (spec/twins-methods-jobs 2).
 *
 * An array is one leaf: whether IoT Hub keeps a node for each element is unconfirmed, and a patch can only replace an array
 * as a whole. Likewise unconfirmed: a null for an unknown key changes no value, but stamps the objects that it is in.
 */
export function stampPatch(metadata: JsonObject, patch: JsonObject, stamp: Stamp): JsonObject {
  const node: Members = { ...withoutAuthor(metadata), ...stamp };
  for (const key of Object.keys(patch)) {
    const value = patch[key] as Json;
    if (value === null) delete node[key];
    else setMember(node, key, isJsonObject(value) ? stampPatch(nodeOr(memberOf(node, key)), value, stamp) : stamp);
  }
  return node;
}

/**
 * The `$metadata` tree of a section that was written as a whole: every node has the new stamp. Whether a PUT in IoT Hub
 * leaves the stamps of values that stay the same is unconfirmed; that a replacement writes everything is the plain reading.
 */
export const stampAll = (values: JsonObject, stamp: Stamp): JsonObject => stampPatch({}, values, stamp);

/** The configuration that wrote a node last, if it was one. */
export type Author = { readonly configurationId: string; readonly digest: string };

/** The author of a node of desired properties; undefined where a back end wrote it. No property's name begins with `$`. */
export function authorOf(node: Json | undefined): Author | undefined {
  if (!isJsonObject(node)) return undefined;
  const { $lastUpdatedBy: configurationId, $lastUpdatedByDigest: digest } = node;
  return typeof configurationId === "string" && typeof digest === "string" ? { configurationId, digest } : undefined;
}

/** A back end that writes below a node takes it over from the configuration that wrote it before. */
function withoutAuthor(node: JsonObject): JsonObject {
  if (!Object.hasOwn(node, "$lastUpdatedBy")) return node;
  const { $lastUpdatedBy: _by, $lastUpdatedByDigest: _digest, ...others } = node;
  return others;
}

/** The node of a value that was there before, or an empty one. */
const nodeOr = (node: Json | undefined): JsonObject => (isJsonObject(node) ? node : {});
