/** What an address of the endpoint names. */
export type EntityAddress =
  | { readonly kind: "management" }
  | { readonly kind: "entity" }
  | { readonly kind: "partition"; readonly group: string; readonly partition: string }
  | { readonly kind: "unknown" };

const maxLength = 1_024;
/** The hub's own name for the entity (spec/amqp 10). */
const builtIn = "messages/events";

/**
 * Reads a link's address: `$management`, `<entity>/$management`, `<entity>` or
 * `<entity>/ConsumerGroups/<group>/Partitions/<id>`, where the entity may also be called `messages/events`, and the whole
 * may begin with a slash or be a URI. Everything counts in any case (spec/amqp 9, 10).
 */
export function parseEntityAddress(address: string, entity: string): EntityAddress {
  if (address.length > maxLength) return { kind: "unknown" };
  const path = address.replace(/^(?:amqps?|sb):\/\/[^/]*/i, "").replace(/^\//, "");
  if (path.toLowerCase() === "$management") return { kind: "management" };
  const rest = restAfter(path, entity) ?? restAfter(path, builtIn);
  if (rest === undefined) return { kind: "unknown" };
  if (rest === "") return { kind: "entity" };
  const [groups = "", group = "", partitions = "", partition = "", ...more] = rest.split("/");
  if (isWord(groups, "$management") && group === "") return { kind: "management" };
  const isPartition = isWord(groups, "consumergroups") && isWord(partitions, "partitions") && more.length === 0;
  return isPartition && group !== "" ? { kind: "partition", group, partition } : { kind: "unknown" };
}

/** Whether a request's name, such as that of a management request, is this entity's. */
export const isEntity = (name: unknown, entity: string): boolean =>
  typeof name === "string" && (isWord(name, entity.toLowerCase()) || isWord(name, builtIn));

function restAfter(path: string, name: string): string | undefined {
  if (path.slice(0, name.length).toLowerCase() !== name.toLowerCase()) return undefined;
  const rest = path.slice(name.length);
  if (rest === "" || rest === "/") return "";
  return rest.startsWith("/") ? rest.slice(1) : undefined;
}

const isWord = (segment: string, word: string): boolean => segment.toLowerCase() === word;
