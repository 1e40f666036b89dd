import { isJsonObject, type Json } from "../json.ts";
import type { Author } from "../twin/metadata.ts";
import type { Wanted, WantedMembers } from "../twin/wanted.ts";
import type { DesiredPart } from "./parts.ts";

/** What one configuration would set. */
export type Contribution = {
  readonly author: Author;
  readonly parts: readonly DesiredPart[];
  /**
   * Whether its parts are whole: a weaker configuration puts nothing into what one of them holds. So it is for layered
   * deployments, where a layer takes the place of what is below it.
   */
  readonly closes?: boolean;
};

/** What configurations come to together. */
export type Merged = {
  readonly wanted: WantedMembers;
  /** Ids of those that set something, or had nothing to set. */
  readonly applied: ReadonlySet<string>;
  /** How many properties were not set, since stronger ones, or earlier parts, had claimed them. */
  readonly refused: number;
};

type Branch = { readonly kind: "branch"; readonly members: Map<string, Branch | Leaf>; closed: boolean };
type Leaf = Extract<Wanted, { kind: "leaf" }>;

/**
 * Merges what configurations would set, the strongest first: each property is the first one's who names it. Objects fall
 * apart into their members, so that configurations with members of their own in one object all apply; arrays and empty
 * objects are values. What is set above or below a property is about the same property.
 */
export function mergeParts(contributions: readonly Contribution[]): Merged {
  const root = newBranch();
  const applied = new Set<string>();
  let refused = 0;
  for (const { author, parts, closes = false } of contributions) {
    const tally = { claimed: 0, refused: 0 };
    for (const { path, value } of parts) claim(root, path, value, { author, tally });
    if (tally.claimed > 0 || tally.refused === 0) applied.add(author.configurationId);
    refused += tally.refused;
    if (closes) for (const { path } of parts) close(root, path);
  }
  return { wanted: root.members, applied, refused };
}

type Claimant = { readonly author: Author; readonly tally: { claimed: number; refused: number } };

/** The recursion is as deep as content may nest. */
function claim(root: Branch, path: readonly string[], value: Json, claimant: Claimant): void {
  if (isJsonObject(value) && (path.length === 0 || Object.keys(value).length > 0)) {
    for (const [key, member] of Object.entries(value)) claim(root, [...path, key], member, claimant);
    return;
  }
  const { author, tally } = claimant;
  if (setLeaf(root, path, { kind: "leaf", value, author })) tally.claimed += 1;
  else tally.refused += 1;
}

function setLeaf(root: Branch, path: readonly string[], leaf: Leaf): boolean {
  const branch = branchAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (branch === undefined || branch.closed || key === undefined || branch.members.has(key)) return false;
  branch.members.set(key, leaf);
  return true;
}

/** The branch at a path, made where there is none; undefined where something else is, or it is closed. */
function branchAt(root: Branch, path: readonly string[]): Branch | undefined {
  let branch = root;
  for (const step of path) {
    if (branch.closed) return undefined;
    const next = branch.members.get(step) ?? newBranch();
    if (next.kind === "leaf") return undefined;
    branch.members.set(step, next);
    branch = next;
  }
  return branch;
}

function close(root: Branch, path: readonly string[]): void {
  let branch = root;
  for (const step of path) {
    const next = branch.members.get(step);
    if (next?.kind !== "branch") return;
    branch = next;
  }
  branch.closed = true;
}

const newBranch = (): Branch => ({ kind: "branch", members: new Map(), closed: false });
