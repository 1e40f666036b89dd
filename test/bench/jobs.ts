import { once } from "node:events";
import { request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { sasToken } from "../support/device-login.ts";
import { type BenchHub, startBenchHub } from "./bench-hub.ts";

/** A job, as far as it is looked at. */
type Job = { readonly status: string; readonly createdTime: string; readonly endTime?: string };

/** A job that updates the twins of all devices, from its creation to its end by the hub's own times. Returns a line. */
export async function measureJobs(quick: boolean): Promise<string> {
  await using scope = new AsyncDisposableStack();
  const deviceCount = quick ? 1_000 : 10_000;
  const hub = await startBenchHub(scope, "interval", deviceCount);
  const path = "/jobs/v2/bench";
  const updateTwin = { etag: "*", tags: { firmware: 2 }, properties: { desired: { interval: 60 } } };
  await ask(hub, "PUT", path, {
    type: "scheduleUpdateTwin",
    queryCondition: "STARTSWITH(deviceId, 'bench-')",
    updateTwin,
  });
  let job = await ask(hub, "GET", path);
  while (job.status === "queued" || job.status === "running") {
    await delay(50);
    job = await ask(hub, "GET", path);
  }
  if (job.status !== "completed" || job.endTime === undefined) throw new Error(`the job ended as ${job.status}`);
  const seconds = (Date.parse(job.endTime) - Date.parse(job.createdTime)) / 1000;
  const rate = Math.round(deviceCount / seconds).toLocaleString("en");
  return `twin job: ${rate} devices/s, ${deviceCount.toLocaleString("en")} devices on one node`;
}

async function ask({ process, ca, httpsPort }: BenchHub, method: string, path: string, body?: object): Promise<Job> {
  const key = /SharedAccessKey=(.*)$/.exec(process.variables.get("IOTHUB_CONNECTION_STRING") ?? "")?.[1] ?? "";
  const authorization = `${sasToken("localhost", key)}&skn=iothubowner`;
  const headers = { authorization, "content-type": "application/json" };
  const sent = request({ method, host: "localhost", port: httpsPort, path, ca, headers });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream & { readonly statusCode: number }];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${text}`);
  return JSON.parse(text) as Job;
}
