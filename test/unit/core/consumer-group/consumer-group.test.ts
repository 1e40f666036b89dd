import { test } from "node:test";
import {
  type ConsumerGroupCommand,
  type ConsumerGroupEvent,
  type ConsumerGroupsState,
  decideConsumerGroups,
  evolveConsumerGroups,
} from "../../../../core/consumer-group/consumer-group.ts";
import { specFor } from "../../../support/given.ts";

const given = specFor<ConsumerGroupCommand, ConsumerGroupEvent, ConsumerGroupsState>({
  initial: () => [],
  decide: decideConsumerGroups,
  evolve: evolveConsumerGroups,
});
const now = "2026-03-01T12:00:00.000Z";
const create = (name: string): ConsumerGroupCommand => ({
  type: "CreateConsumerGroup",
  data: { name },
  meta: { now, etag: "MTA=" },
});
const remove = (name: string): ConsumerGroupCommand => ({
  type: "DeleteConsumerGroup",
  data: { name },
  meta: { now },
});
const created = (name: string): ConsumerGroupEvent => ({
  type: "ConsumerGroupCreated",
  data: { name, etag: "MTA=", at: now },
});
const deleted = (name: string): ConsumerGroupEvent => ({ type: "ConsumerGroupDeleted", data: { name, at: now } });
const nineteen = Array.from({ length: 19 }, (_, index) => created(`group-${index}`));

// spec/messaging 3
test("a group is created once, whatever the case of its name", () => {
  given().when(create("Archive")).then(created("Archive"));
  given(created("Archive")).when(create("archive")).changesNothing();
  given(created("Archive"), deleted("Archive")).when(create("archive")).then(created("archive"));
});

// spec/messaging 3
test("a group is deleted under the name it was created with", () => {
  given(created("Archive")).when(remove("ARCHIVE")).then(deleted("Archive"));
  given(created("Archive"), deleted("Archive")).when(remove("Archive")).rejects("GenericNotFound");
  given()
    .when(remove("x".repeat(10_000)))
    .rejects("GenericNotFound", `There is no consumer group '${"x".repeat(50)}'`);
});

// spec/messaging 3: `$Default` always exists.
test("$Default is there without being created, and stays", () => {
  given().when(create("$Default")).changesNothing();
  given().when(create("$default")).changesNothing();
  given().when(remove("$Default")).rejects("InvalidOperation");
  given().when(remove("$DEFAULT")).rejects("InvalidOperation");
});

// spec/messaging 3: up to 20 per hub.
test("a hub has 20 groups at most, $Default included", () => {
  given(...nineteen.slice(1))
    .when(create("one-more"))
    .then(created("one-more"));
  given(...nineteen)
    .when(create("one-more"))
    .rejects("IotHubQuotaExceeded", /at most 20/);
  given(...nineteen)
    .when(create("GROUP-3"))
    .changesNothing();
  given(...nineteen, deleted("group-3"))
    .when(create("one-more"))
    .then(created("one-more"));
});

// spec/messaging 3; Event Hubs docs: resource naming.
test("a name has 1 to 50 letters, digits, periods, hyphens and underscores, the first and last a letter or digit", () => {
  for (const name of ["a", "7", "a.b-c_D", "x".repeat(50), "constructor"])
    given().when(create(name)).then(created(name));
  const bad = ["", "x".repeat(51), "-a", "a.", "_a", "a b", "a/b", "a\n", "ä", "$a", "__proto__", "../x", "\u212a"];
  for (const name of bad) given().when(create(name)).rejects("ArgumentInvalid");
});

test("a letter that only looks like another one in lower case names no group", () => {
  given(created("k")).when(remove("\u212a")).rejects("GenericNotFound");
});
