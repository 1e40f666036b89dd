import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CommandError } from "../../../../adapters/cli/command.ts";
import { jobCommand } from "../../../../adapters/cli/commands/job.ts";
import { ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import { hubTlsOptions } from "../../../../adapters/tls/tls-options.ts";
import type { Job, JobFilter } from "../../../../core/job/job.ts";
import { temporaryFolder } from "../../../support/views.ts";
import { openHttp } from "../http/http-fixture.ts";

const time = "2026-03-01T12:00:00.000Z";
const job: Job = {
  jobId: "evening",
  jobType: "scheduleUpdateTwin",
  updateTwin: { etag: "*" },
  queryCondition: "tags.b = 'x\u001b[2J'",
  createdBy: { kind: "policy", policy: "service" },
  createdTime: time,
  createdSequence: 7,
  startTime: time,
  maxExecutionTimeInSeconds: 60,
  status: "failed",
  run: {
    startedSequence: 8,
    deadline: time,
    chunkCount: 1,
    isPlanned: true,
    counts: { pending: 0, running: 0, completed: 9, failed: 2, canceled: 1 },
    plannedTime: time,
    forgottenChunks: 0,
  },
  endTime: "2026-03-01T12:01:00.000Z",
  failureReason: "too late",
};
const waiting: Job = { ...job, jobId: "later", status: "scheduled", run: null, endTime: null, failureReason: null };
const headings = "JOB      TYPE                STATUS     CREATED                   DEVICES  DONE  FAILED";

test("job creates, lists, shows and cancels", async (t) => {
  const folder = temporaryFolder(t);
  const { certFile, keyFile } = await ensureDevelopmentCertificate({ folder, hostNames: ["localhost"] });
  const tls = hubTlsOptions({ cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") });
  await using hub = await openHttp(
    {
      "jobs.create": () => waiting,
      "jobs.get": (jobId: string) => (jobId === "later" ? waiting : job),
      "jobs.list": ({ after }: JobFilter) => (after === undefined ? Array<Job>(101).fill(job) : [waiting]),
      "jobs.cancel": () => job,
    },
    { tls: { options: () => tls, onChange: () => {} } },
  );
  const port = await hub.http.listen({ host: "127.0.0.1", port: 0 });
  const environment = {
    IOTHUB_CONNECTION_STRING: "HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=AAAA",
    TWINSTREAM_HTTPS_PORT: String(port),
    NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
  };
  const run = async (words: readonly string[], flags: Record<string, string | boolean> = {}): Promise<string[]> => {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(...line.split("\n"));
    await jobCommand.run({ words, flags, environment, print, signal: t.signal });
    return lines;
  };
  const bodies = () =>
    hub.calls
      .filter(({ name }) => name === "jobs.create")
      .map(({ args: [request] }) => (request as { readonly body: unknown }).body);

  await run(["create", "later"], { on: "*", tags: '{"a":1}', desired: '{"b":null}', "max-time": "60" });
  await run(["create", "later"], {
    on: "deviceId = 'd'",
    method: "reboot",
    payload: "[1]",
    timeout: "10",
    start: time,
  });
  assert.deepEqual(bodies(), [
    {
      jobId: "later",
      type: "scheduleUpdateTwin",
      updateTwin: { etag: "*", tags: { a: 1 }, properties: { desired: { b: null } } },
      queryCondition: "*",
      maxExecutionTimeInSeconds: 60,
    },
    {
      jobId: "later",
      type: "scheduleDeviceMethod",
      cloudToDeviceMethod: { methodName: "reboot", payload: [1], responseTimeoutInSeconds: 10 },
      queryCondition: "deviceId = 'd'",
      startTime: time,
    },
  ]);

  assert.deepEqual(await run(["show", "evening"]), [
    headings.replace("STATUS   ", "STATUS"),
    "evening  scheduleUpdateTwin  failed  2026-03-01T12:00:00.000Z  12       9     2",
    "on tags.b = 'x\\u001b[2J'",
    "from 2026-03-01T12:00:00.000Z to 2026-03-01T12:01:00.000Z",
    "too late",
  ]);
  assert.equal((JSON.parse((await run(["cancel", "evening"], { json: true }))[0] ?? "") as Job).status, "failed");
  // A page after the other.
  const list = await run(["list"], { type: "scheduleUpdateTwin", status: "failed" });
  assert.equal(list[0], headings);
  assert.equal(list.length, 102);
  assert.equal(list.at(-1), "later    scheduleUpdateTwin  scheduled  2026-03-01T12:00:00.000Z");
  assert.equal((await run(["list"], { json: true })).length, 101);

  const wrong: readonly (readonly [readonly string[], Record<string, string>])[] = [
    [["create", "j"], { tags: "{}" }],
    [["create", "j"], { on: "*" }],
    [["create", "j"], { on: "*", tags: "{}", method: "m" }],
    [["create", "j"], { on: "*", tags: "{" }],
    [["create", "j"], { on: "*", method: "m", timeout: "1" }],
    [["create"], { on: "*", tags: "{}" }],
    [["pause", "j"], {}],
    [["show"], {}],
  ];
  for (const [words, flags] of wrong)
    await assert.rejects(run(words, flags), CommandError, JSON.stringify([words, flags]));
});
