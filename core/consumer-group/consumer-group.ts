import { HubError } from "../hub-error.ts";
import { etagOf } from "../identity/version.ts";

/** A consumer group of the built-in endpoint: a name under which back ends read all telemetry on their own. */
export type ConsumerGroup = {
  /** As it was written when the group was created. */
  readonly name: string;
  readonly etag: string;
  /** ISO 8601, UTC, milliseconds; null for `$Default`, which no event created. */
  readonly createdTime: string | null;
};

/** Facts about the consumer groups, in the stream `hub` / `consumer-groups`. */
export type ConsumerGroupEvent =
  | {
      readonly type: "ConsumerGroupCreated";
      readonly data: { readonly name: string; readonly etag: string; readonly at: string };
    }
  | { readonly type: "ConsumerGroupDeleted"; readonly data: { readonly name: string; readonly at: string } };

/** `meta` holds what a decision must not make itself: the time (ISO 8601, UTC, milliseconds) and a new group's etag. */
export type ConsumerGroupCommand =
  | {
      readonly type: "CreateConsumerGroup";
      readonly data: { readonly name: string };
      readonly meta: { readonly now: string; readonly etag: string };
    }
  | {
      readonly type: "DeleteConsumerGroup";
      readonly data: { readonly name: string };
      readonly meta: { readonly now: string };
    };

/** The groups that were created and are still there, oldest first. `$Default` is none of them: it has no beginning. */
export type ConsumerGroupsState = readonly ConsumerGroup[];

/** The group that every hub has (spec/messaging 3). */
export const defaultGroup: ConsumerGroup = { name: "$Default", etag: etagOf(0), createdTime: null };

/**
 * What a name may be: 1 to 50 letters, digits, `.`, `-` and `_`, beginning and ending with a letter or digit (Event Hubs
 * docs: resource naming of consumer groups).
 */
export const groupNamePattern = "^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9])?$";

/** Up to 20 groups a hub (spec/messaging 3). Whether that counts `$Default` is unconfirmed; Event Hubs counts it, so it does. */
export const mostGroups = 20;

const validName = new RegExp(groupNamePattern);

/** Finds a group, `$Default` included, by its name in any case (spec/amqp 9). */
export const findGroup = (groups: ConsumerGroupsState, name: string): ConsumerGroup | undefined =>
  [defaultGroup, ...groups].find((group) => isSameName(group.name, name));

/** The error for a group that is not there. IoT Hub documents no code of its own for it. */
export const groupNotFound = (name: string): HubError =>
  new HubError("GenericNotFound", `There is no consumer group '${name.slice(0, 50)}'`);

/**
 * Decides a command; creating a group that is there changes nothing. Throws HubError `ArgumentInvalid` for an impossible
 * name, `IotHubQuotaExceeded` for one group too many, `GenericNotFound` for the deletion of a group that is not there,
 * and `InvalidOperation` for that of `$Default`. That it can't be deleted, and the reasons of these refusals, are
 * unconfirmed.
 */
export function decideConsumerGroups(
  { type, data, meta }: ConsumerGroupCommand,
  groups: ConsumerGroupsState,
): readonly ConsumerGroupEvent[] {
  const found = findGroup(groups, data.name);
  switch (type) {
    case "CreateConsumerGroup":
      if (found !== undefined) return [];
      if (!validName.test(data.name)) throw new HubError("ArgumentInvalid", nameRule);
      if (groups.length + 1 >= mostGroups) throw new HubError("IotHubQuotaExceeded", countRule);
      return [{ type: "ConsumerGroupCreated", data: { name: data.name, etag: meta.etag, at: meta.now } }];
    case "DeleteConsumerGroup":
      if (found === undefined) throw groupNotFound(data.name);
      if (found === defaultGroup)
        throw new HubError("InvalidOperation", "The consumer group $Default can't be deleted");
      return [{ type: "ConsumerGroupDeleted", data: { name: found.name, at: meta.now } }];
  }
}

const nameRule =
  "A consumer group's name has 1 to 50 letters, digits, periods, hyphens and underscores, and begins and ends with a letter or digit";
const countRule = `A hub has at most ${mostGroups} consumer groups, $Default included`;

/** The groups after an event. */
export function evolveConsumerGroups(
  groups: ConsumerGroupsState,
  { type, data }: ConsumerGroupEvent,
): ConsumerGroupsState {
  const others = groups.filter(({ name }) => !isSameName(name, data.name));
  switch (type) {
    case "ConsumerGroupCreated":
      return [...others, { name: data.name, etag: data.etag, createdTime: data.at }];
    case "ConsumerGroupDeleted":
      return others;
  }
}

const isSameName = (a: string, b: string): boolean => a.length === b.length && inLowerCase(a) === inLowerCase(b);

/** Names are ASCII: `toLowerCase` would also take the Kelvin sign for a k. */
const inLowerCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
