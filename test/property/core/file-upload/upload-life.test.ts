import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decideUploads, type UploadCommand } from "../../../../core/file-upload/decide.ts";
import { evolveUploads, noUploads } from "../../../../core/file-upload/evolve.ts";
import type { DeviceUploads, FileUploadEvent } from "../../../../core/file-upload/file-upload.ts";
import { keptUploads, maxUploadsInFlight, uploadTtlMs } from "../../../../core/file-upload/limits.ts";
import { HubError } from "../../../../core/hub-error.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

/** What the uploads should be, told as simply as can be: by number when each is due, and how those went that ended. */
type Modelled = { readonly open: Map<number, number>; readonly ended: Map<number, string>; begun: number };
type Real = { now: number; uploads: DeviceUploads };

/** Decides and applies; undefined when it is refused. */
function run(real: Real, command: UploadCommand): readonly FileUploadEvent[] | undefined {
  try {
    const events = decideUploads(command, real.uploads);
    real.uploads = events.reduce(evolveUploads, real.uploads);
    return events;
  } catch (error) {
    if (error instanceof HubError) return undefined;
    throw error;
  }
}

function assertSame({ open, ended }: Modelled, { now, uploads }: Real): void {
  const ids = [...open.keys()].map((number) => `c${number}`);
  assert.deepEqual(
    uploads.inFlight.map(({ correlationId }) => correlationId),
    ids,
  );
  assert.ok(uploads.inFlight.filter(({ expiresAt }) => expiresAt > iso(now)).length <= maxUploadsInFlight);
  const latest = [...ended].slice(-keptUploads).map(([number, state]) => [`c${number}`, state]);
  assert.deepEqual(
    uploads.ended.map(({ correlationId, state }) => [correlationId, state]),
    latest,
  );
}

type Step = fc.Command<Modelled, Real>;

const step = (name: string, act: (model: Modelled, real: Real) => void): Step => ({
  check: () => true,
  run(model, real) {
    act(model, real);
    assertSame(model, real);
  },
  toString: () => name,
});

const begin = step("begin", (model, real) => {
  const number = model.begun + 1;
  const due = real.now + uploadTtlMs;
  const of = { correlationId: `c${number}`, blobName: `d/${number}`, containerName: "uploads", expiresAt: iso(due) };
  const events = run(real, { type: "Start", now: iso(real.now), ...of });
  const busy = [...model.open.values()].filter((until) => until > real.now).length;
  assert.equal(events !== undefined, busy < maxUploadsInFlight);
  if (events === undefined) return;
  model.begun = number;
  model.open.set(number, due);
});

const complete = (isSuccess: boolean, which: number): Step =>
  step(`complete ${which}: ${isSuccess}`, (model, real) => {
    const number = (which % (model.begun + 1)) + 1;
    const blob = isSuccess ? { blobUri: "u", blobSizeInBytes: 1, lastUpdatedTime: iso(real.now) } : null;
    const completion = { isSuccess, statusCode: null, statusDescription: null };
    const events = run(real, { type: "Complete", now: iso(real.now), correlationId: `c${number}`, completion, blob });
    const state = isSuccess ? "Completed" : "Failed";
    const due = model.open.get(number);
    if (due !== undefined && due > real.now) {
      assert.equal(events?.[0]?.type, "FileUploadCompleted");
      model.open.delete(number);
      model.ended.set(number, state);
      return;
    }
    const isKept = [...model.ended.keys()].slice(-keptUploads).includes(number);
    assert.deepEqual(events, isKept && model.ended.get(number) === state ? [] : undefined);
  });

const expire = step("expire", (model, real) => {
  const [due] = [...model.open].find(([, until]) => until <= real.now) ?? [];
  const [event] = run(real, { type: "Expire", now: iso(real.now) }) ?? [];
  assert.equal(event?.type, due === undefined ? undefined : "FileUploadExpired");
  if (due === undefined) return;
  model.open.delete(due);
  model.ended.set(due, "Expired");
});

const pass = (ms: number): Step =>
  step(`${ms} ms pass`, (_model, real) => {
    real.now += ms;
  });

// spec/messaging 8.1, 8.2
test("whatever happens in whatever order, ten uploads at most are under way, and each ends once", () => {
  const steps = [
    fc.constant(begin),
    fc.constant(begin),
    fc.tuple(fc.boolean(), fc.nat(200)).map(([isSuccess, which]) => complete(isSuccess, which)),
    fc.constant(expire),
    fc.integer({ min: 1, max: uploadTtlMs }).map(pass),
  ];
  const setup = () => ({
    model: { open: new Map(), ended: new Map(), begun: 0 } as Modelled,
    real: { now: Date.parse("2026-01-01T00:00:00.000Z"), uploads: noUploads("1") },
  });
  const property = fc.property(fc.commands(steps, { size: "max", maxCommands: 200 }), (commands) =>
    fc.modelRun(setup, commands),
  );
  fc.assert(property, { numRuns: 200 });
});
