import Type, { type Static } from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import { anyMember, invalidMember, membersOf } from "../../core/identity/members.ts";
import type { Job, JobFilter, JobStatus } from "../../core/job/job.ts";
import { createdJobDocument, jobDocument } from "../../core/job/job-document.ts";
import type { JobType } from "../../core/job/job-event.ts";
import type { JsonObject } from "../../core/json.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { timeMs } from "./iso-time.ts";
import { answers, jsonAnswer, Query } from "./schemas.ts";

const tags = ["Jobs"];
const url = "/jobs/v2/:jobId";

const JobParams = Type.Object({
  jobId: Type.String({ minLength: 1, maxLength: 128, description: "id of the job; case-sensitive, percent-encoded" }),
});

const NewJob = Type.Object(
  {
    jobId: Type.Optional(Type.String({ description: "as in the path" })),
    type: Type.String({ description: "`scheduleUpdateTwin` or `scheduleDeviceMethod`" }),
    queryCondition: Type.String({ description: "on which devices: a condition as behind WHERE, or `*` for all" }),
    updateTwin: Type.Optional(Type.Unknown({ description: "a patch of tags and desired properties, with `etag` `*`" })),
    cloudToDeviceMethod: Type.Optional(Type.Unknown({ description: "a method's name, payload and time-outs" })),
    startTime: Type.Optional(Type.String({ description: "ISO 8601; at once when absent or past" })),
    maxExecutionTimeInSeconds: Type.Optional(Type.Integer({ description: "1 to 2592000; 3600 when absent" })),
  },
  { $id: "NewJob" },
);

const JobResponse = Type.Object(
  {
    jobId: Type.String(),
    type: Type.String(),
    status: Type.String({ description: "`queued`, `scheduled`, `running`, `completed`, `failed` or `cancelled`" }),
    queryCondition: Type.Optional(Type.String()),
    createdTime: Type.Optional(Type.String()),
    startTime: Type.Optional(Type.String()),
    endTime: Type.Optional(Type.String()),
    maxExecutionTimeInSeconds: Type.Optional(Type.Integer()),
    failureReason: Type.Optional(Type.String()),
    deviceJobStatistics: Type.Optional(Type.Unknown({ description: "counts of devices by where they stand" })),
  },
  { $id: "JobResponse" },
);

/** Jobs on many devices (spec/http-api 6). */
export function jobRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(NewJob);
  app.addSchema(JobResponse);
  listRoute(app, hub);
  const onRequest = serviceGuard(hub, "ServiceConnect");
  const response = answers({ 200: jsonAnswer(Type.Ref("JobResponse#"), { description: "The job" }) });
  const shared = { tags, params: JobParams, querystring: Query, response };

  const put = { ...shared, summary: "Create a job", body: Type.Unsafe<JsonObject>(Type.Ref("NewJob#")) };
  app.put(url, { schema: put, onRequest }, async (request) => {
    const { body, params } = request;
    const job = await hub.jobs.create({ ...contextOf(request), ...params, body, startMs: startIn(body) });
    return createdJobDocument(job);
  });

  const get = { ...shared, summary: "Tell where a job stands" };
  app.get(url, { schema: get, onRequest }, ({ params }, reply) => {
    reply.send(shownJob(hub, params.jobId));
  });

  const cancel = { ...shared, summary: "Cancel a job: nothing more of it begins" };
  app.post(`${url}/cancel`, { schema: cancel, onRequest }, async (request) =>
    jobDocument(await hub.jobs.cancel({ ...contextOf(request), ...request.params })),
  );
}

/** An import or export is there under this path too, but nothing is told of it (spec/twins-methods-jobs 11). */
function shownJob({ jobs, registryJobs }: Hub, jobId: string): JsonObject {
  try {
    return jobDocument(jobs.get(jobId));
  } catch (error) {
    if (registryJobs.list().some((job) => job.jobId === jobId)) return { jobId, type: "unknown", status: "unknown" };
    throw error;
  }
}

/** JSON null is refused, as by the real service (azure-iot-sdk-node#847). */
function startIn(body: JsonObject): number | undefined {
  const value = anyMember(membersOf(body), "startTime");
  if (value === undefined) return undefined;
  if (value === null) throw new HubError("ArgumentNull", "'startTime' may be left out, but not be null");
  const ms = typeof value === "string" ? timeMs(value) : undefined;
  if (ms === undefined) throw invalidMember("startTime", "a time in ISO 8601 is expected");
  return ms;
}

const text = (description: string) => Type.Optional(Type.String({ maxLength: 512, description }));

const JobsQuery = Type.Object({
  ...Query.properties,
  jobType: text("only jobs of this type, in any case of letters"),
  jobStatus: text("only jobs that stand there, in any case of letters"),
});

const JobsHeaders = Type.Object({
  "x-ms-max-item-count": text("how many at most, 1 to 1000; 100 when absent"),
  "x-ms-continuation": text("what the page before had in this header"),
});

function listRoute(app: HttpApp, hub: Hub): void {
  const page = jsonAnswer(Type.Array(Type.Ref("JobResponse#")), {
    description: "A page of jobs, the newest first",
    headers: {
      "x-ms-item-type": { type: "string", description: "`JobResponse`" },
      "x-ms-continuation": { type: "string", description: "pass it on for the next page; absent on the last" },
    },
  });
  const schema = {
    tags,
    summary: "List jobs",
    querystring: JobsQuery,
    headers: JobsHeaders,
    response: answers({ 200: page }),
  };
  const onRequest = serviceGuard(hub, "ServiceConnect");
  app.get("/jobs/v2/query", { schema, onRequest }, ({ query, headers }, reply) => {
    const limit = pageSize(headers["x-ms-max-item-count"]);
    // One more than asked tells whether another page follows.
    const jobs = hub.jobs.list({ ...filterOf(query, headers["x-ms-continuation"]), limit: limit + 1 });
    const last = jobs[limit - 1];
    reply.header("x-ms-item-type", "JobResponse");
    if (jobs.length > limit && last !== undefined) reply.header("x-ms-continuation", continuationOf(last));
    reply.send(jobs.slice(0, limit).map(jobDocument));
  });
}

/** What IoT Hub calls types and statuses, with what there is of them here (spec/twins-methods-jobs 11). */
const typeNames: ReadonlyMap<string, readonly JobType[]> = new Map<string, readonly JobType[]>([
  ["scheduleupdatetwin", ["scheduleUpdateTwin"]],
  ["scheduledevicemethod", ["scheduleDeviceMethod"]],
  ["export", []],
  ["import", []],
  ["unknown", []],
]);
const statusNames: ReadonlyMap<string, readonly JobStatus[]> = new Map<string, readonly JobStatus[]>([
  ["queued", ["queued"]],
  ["enqueued", ["queued"]],
  ["scheduled", ["scheduled"]],
  ["running", ["running"]],
  ["completed", ["completed"]],
  ["failed", ["failed"]],
  ["cancelled", ["cancelled"]],
  ["unknown", []],
]);

function filterOf(
  { jobType, jobStatus }: Static<typeof JobsQuery>,
  continuation: string | undefined,
): Omit<JobFilter, "limit"> {
  return {
    ...(jobType !== undefined && { types: named(typeNames, "jobType", jobType) }),
    ...(jobStatus !== undefined && { statuses: named(statusNames, "jobStatus", jobStatus) }),
    ...(continuation !== undefined && { after: placeIn(continuation) }),
  };
}

function named<Value>(names: ReadonlyMap<string, readonly Value[]>, member: string, name: string): readonly Value[] {
  const values = names.get(name.toLowerCase());
  if (values === undefined) throw new HubError("ArgumentInvalid", `${member} is unknown`, { member });
  return values;
}

/** The size of a page, and that a larger one than 1000 is cut to that, is unconfirmed. */
function pageSize(asked: string | undefined): number {
  if (asked === undefined) return 100;
  const size = /^\d{1,9}$/.test(asked) ? Number(asked) : 0;
  if (size > 0) return Math.min(size, 1000);
  throw new HubError("ArgumentInvalid", "x-ms-max-item-count must be a whole number above 0");
}

const continuationOf = ({ createdTime, jobId }: Job): string =>
  Buffer.from(JSON.stringify([createdTime, jobId])).toString("base64url");

function placeIn(continuation: string): Required<JobFilter>["after"] {
  const wrong = new HubError("ArgumentInvalid", "x-ms-continuation is none that this list gave");
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(continuation, "base64url").toString());
  } catch {
    throw wrong;
  }
  if (!Array.isArray(place) || place.length !== 2) throw wrong;
  const [createdTime, jobId] = place as unknown[];
  if (typeof createdTime !== "string" || typeof jobId !== "string") throw wrong;
  return { createdTime, jobId };
}
