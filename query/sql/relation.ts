import type { Aggregate, Path } from "../ast.ts";
import type { Fragment } from "./fragment.ts";
import type { Places } from "./operand.ts";
import type { OrderColumn } from "./order.ts";
import { rank, type SqlPlace } from "./source.ts";

/** What the rows of a result are taken from: joined tables, or what was made of their rows. */
export type Relation = {
  readonly places: Places;
  /** What stands behind FROM. */
  readonly from: Fragment;
  readonly where: Fragment;
  /** What orders the rows in the end: unique together. None for a relation of one row. */
  readonly key: readonly OrderColumn[];
};

/** What tells the values of a place apart: a document is told by its canonical text. */
export const keyOf = ({ ranks, rank: at, value }: SqlPlace): string =>
  ranks.includes(rank.document) ? `CASE ${at} WHEN 5 THEN twin_canonical(${value}) ELSE ${value} END` : value;

/** A text that two columns share when they show the same. */
export const meaningOf = (value: Path | Aggregate): string =>
  JSON.stringify(value.kind === "path" ? value.steps : [value.name, value.argument?.steps ?? null]);
