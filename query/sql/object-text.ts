import { quoted } from "./fragment.ts";
import { rank, type SqlPlace } from "./source.ts";

/** A member of an object that is put together in SQL. */
export type SqlMember = { readonly name: string; readonly place: SqlPlace };

/** The SQL of an object's JSON text. Members whose value is undefined are left out. */
export function objectText(members: readonly SqlMember[]): string {
  const [first] = members;
  // With a first member that is always there, every other one has a comma in front.
  if (first !== undefined && isAlwaysThere(first)) {
    return `concat('{', ${[memberText(first, ""), ...members.slice(1).map((member) => memberText(member, ","))].join(", ")}, '}')`;
  }
  return `concat('{', substr(concat(${members.map((member) => memberText(member, ",")).join(", ")}), 2), '}')`;
}

/** One member, as arguments of `concat`, for which NULL is nothing; what is joined to NULL is NULL. */
function memberText(member: SqlMember, before: string): string {
  const label = quoted(`${before}${JSON.stringify(member.name)}:`);
  return `${label} ${isAlwaysThere(member) ? "," : "||"} ${member.place.json}`;
}

const isAlwaysThere = ({ place }: SqlMember): boolean => !place.ranks.includes(rank.undefined);
