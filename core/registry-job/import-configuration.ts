import type { Configurations } from "../configuration/configurations.ts";
import { HubError } from "../hub-error.ts";
import { choiceMember, membersOf, textMember } from "../identity/members.ts";
import type { RequestContext } from "../identity/registry.ts";
import type { JsonObject } from "../json.ts";

const modes = ["createOrUpdate", "createOrUpdateIfMatchETag"] as const;
const maxTextLength = 128;

/**
 * Creates or updates one configuration of an import; the content of one that is there has to be the same. Which modes there
 * are for configurations is unconfirmed: here those two that leave none out. Throws as `Configurations.put`.
 */
export async function importConfiguration(
  configurations: Pick<Configurations, "list" | "put">,
  body: JsonObject,
  origin: RequestContext,
): Promise<void> {
  const members = membersOf(body);
  const id = textMember(members, "id", maxTextLength) ?? "";
  if (id === "") throw new HubError("ArgumentInvalid", "A configuration needs an id");
  const mode = choiceMember(members, "importMode", modes) ?? "createOrUpdate";
  const isThere = configurations.list(Number.POSITIVE_INFINITY).some((each) => each.id === id);
  const etag = mode === "createOrUpdate" ? "*" : textMember(members, "etag", maxTextLength) || "*";
  await configurations.put({ ...origin, id, body, ...(isThere && { ifMatch: etag }) });
}
