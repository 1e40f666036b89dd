import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobLifeEvent } from "../../../../core/job/job-event.ts";
import {
  at,
  cancelled,
  chunkPlanned,
  chunkStarted,
  command,
  completed,
  create,
  created,
  ended,
  evolve,
  failed,
  forgotten,
  given,
  nothing,
  planned,
  started,
  targetsForgotten,
} from "./job-fixture.ts";

const cancel = command({ type: "Cancel" });
const complete = command({ type: "Complete" });
const fail = command({ type: "Fail", reason: "why" });
const start = command({ type: "Start", nodeId: "n", deadline: at(61) });
const forget = command({ type: "Forget" });
const allPlanned = command({ type: "Planned", chunkCount: 1, deviceCount: 2 });

const running = [created(), started] as const;
const under = [...running, chunkPlanned("a", "b"), planned(2), chunkStarted("1")] as const;
const done = (deviceId: string) => ended({ deviceId, status: "completed" });
const atNine = (event: JobLifeEvent): JobLifeEvent =>
  ({ ...event, data: { ...event.data, at: at(9) } }) as JobLifeEvent;

// spec/http-api 6.1, 409104
test("an id is taken as long as its job is kept", () => {
  given().when(create).then(atNine(created()));
  for (const end of [completed, failed("why"), cancelled]) {
    given(...running, end)
      .when(create)
      .rejects("JobAlreadyExists");
  }
  given(...running, completed, forgotten)
    .when(create)
    .then(atNine(created()));
});

test("a job begins once, whether it was to begin at once or later", () => {
  for (const startTime of [at(0), at(5)]) given(created(startTime)).when(start).then(atNine(started));
  given(...running)
    .when(start)
    .changesNothing();
  given(created(), cancelled).when(start).changesNothing();
  given().when(start).changesNothing();
});

test("a job is planned once, while it runs", () => {
  given(...running, chunkPlanned("a", "b"))
    .when(allPlanned)
    .then(atNine(planned(2)));
  given(...under)
    .when(allPlanned)
    .changesNothing();
  given(...running, cancelled)
    .when(allPlanned)
    .changesNothing();
});

// spec/twins-methods-jobs 11: the final status of a job with failures is unconfirmed
test("a job is complete when all is planned and every target has an outcome, failures among them", () => {
  given(...running)
    .when(complete)
    .changesNothing();
  given(...running, chunkPlanned("a"), chunkStarted("1"), done("a"))
    .when(complete)
    .changesNothing();
  given(...under, done("a"))
    .when(complete)
    .changesNothing();
  const fault = ended({ deviceId: "b", status: "failed", error: { code: "DeviceNotOnline", description: "" } });
  given(...under, done("a"), fault)
    .when(complete)
    .then(completed);
  given(...running, planned(0))
    .when(complete)
    .then(completed);
  given(...under, done("a"), done("b"), completed)
    .when(complete)
    .changesNothing();
});

test("a job with targets that were left out is not complete", () => {
  given(...under, done("a"), ended({ deviceId: "b", status: "canceled" }))
    .when(complete)
    .changesNothing();
});

test("only a job that runs can fail", () => {
  given(...under)
    .when(fail)
    .then(failed("why"));
  for (const end of [completed, cancelled, failed("first")]) {
    given(...under, end)
      .when(fail)
      .changesNothing();
  }
  given(created()).when(fail).changesNothing();
});

// spec/twins-methods-jobs 11: whether a running job can be cancelled is unconfirmed
test("a job can be cancelled until it has come to another end", () => {
  for (const before of [[created()], [created(at(99))], running, under]) {
    given(...before)
      .when(cancel)
      .then(cancelled);
  }
  given(...under, cancelled)
    .when(cancel)
    .changesNothing();
  for (const end of [completed, failed("why")]) {
    given(...under, end)
      .when(cancel)
      .rejects("JobRunPreconditionFailed");
  }
  given().when(cancel).rejects("JobNotFound");
});

test("a job is forgotten after its end, its targets first, a part at a time", () => {
  given(...under)
    .when(forget)
    .changesNothing();
  given(...under, completed)
    .when(forget)
    .then(targetsForgotten(20));
  given(...under, completed, targetsForgotten(20))
    .when(forget)
    .then(forgotten);
  given(created(), cancelled).when(forget).then(forgotten);
  given(...under, completed, forgotten)
    .when(forget)
    .changesNothing();
});

test("counts follow the targets, and the first outcome of a target is the one that counts", () => {
  const countsAfter = (...events: readonly Parameters<typeof evolve>[1][]) =>
    [...running, ...events].reduce(evolve, nothing).job?.run?.counts;
  const none = { pending: 0, running: 0, completed: 0, failed: 0, canceled: 0 };
  assert.deepEqual(countsAfter(chunkPlanned("a", "b")), { ...none, pending: 2 });
  const taken = [chunkPlanned("a", "b"), chunkStarted("1")];
  assert.deepEqual(countsAfter(...taken), { ...none, running: 2 });
  assert.deepEqual(countsAfter(...taken, done("a"), chunkStarted("2")), { ...none, running: 1, completed: 1 });
  const twice = ended({ deviceId: "a", status: "canceled" }, { deviceId: "b", status: "canceled" });
  assert.deepEqual(countsAfter(...taken, done("a"), twice, done("b"), done("stranger")), {
    ...none,
    completed: 1,
    canceled: 1,
  });
});
