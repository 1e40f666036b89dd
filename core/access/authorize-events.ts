import type { Clock, ReadModel, Secrets } from "../ports.ts";
import type { EventsAccess } from "./access.ts";
import { covers, pathSegments } from "./audience.ts";
import { principalOf, provePolicy, requireRight } from "./authorize-service.ts";
import { parseSasToken, unauthorized } from "./sas-token.ts";
import { createVerifyToken } from "./verify-token.ts";

/** What the access to the built-in endpoint is built from. */
export type EventsAccessDeps = {
  readonly readModel: Pick<ReadModel, "policies">;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly hostNames: readonly string[];
};

/** Makes the check that lets readers of the built-in endpoint in (spec/amqp 4, 9). */
export function createEventsAccess(deps: EventsAccessDeps): EventsAccess {
  const verify = createVerifyToken(deps);
  const verifyKeyText = createVerifyToken(deps, (key, text) => deps.secrets.signWithKeyText(key, text));
  return {
    authorizeReader(text, path) {
      const token = parseSasToken(text);
      const isEventHubs = schemeOf(token.resource) === "sb";
      const policy = provePolicy(deps, isEventHubs ? verifyKeyText : verify, token);
      const resource = isEventHubs ? withoutScheme(token.resource) : token.resource;
      if (!covers(resource, { hostNames: deps.hostNames, segments: pathSegments(path) })) {
        throw unauthorized("Invalid target audience");
      }
      requireRight(policy, ["ServiceConnect"], path);
      return principalOf(policy, token);
    },
  };
}

/** Which of the two ways a token was signed shows in its scope: `sb://…` is an Event Hubs client's. */
const schemePattern = /^([a-z]+)(?::|%3a)(?:\/|%2f){2}/i;
const schemeOf = (resource: string): string | undefined => schemePattern.exec(resource)?.[1]?.toLowerCase();
const withoutScheme = (resource: string): string => resource.replace(schemePattern, "");
