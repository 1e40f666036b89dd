import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { parser as createParser, generate, type IPublishPacket } from "mqtt-packet";
import { sasToken } from "../support/device-login.ts";
import { type HubProcess, spawnHub } from "../support/hub-process.ts";
import { type BenchClient, startBenchHub } from "./bench-hub.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { connectPacket } from "./mqtt-packets.ts";
import { scratchFolder } from "./servers.ts";

const deviceCount = 500;
/** Calls that wait for their answer, over both nodes. */
const inFlight = 100;

/** A node as a back end sees it. */
type Node = { readonly port: number; readonly agent: Agent; readonly authorization: string };

/**
 * Direct methods over two hub nodes on one NATS server: half of the devices on each, half of the calls through the node
 * that does not hold the device. Fails unless every answer comes to its own caller. Returns a line.
 */
export async function measureMethods(quick: boolean): Promise<string> {
  await using scope = new AsyncDisposableStack();
  const calls = quick ? 1_000 : 5_000;
  const first = await startBenchHub(scope, "interval", deviceCount);
  const second = await startSecondNode(scope, first.process);
  const mqttPorts = [first.mqttPort, Number(second.variables.get("TWINSTREAM_MQTT_PORT"))];
  const devices = first.clients.map((client, index) => openDevice(mqttPorts[index % 2] ?? 0, client));
  for (const socket of await Promise.all(devices)) scope.defer(() => void socket.destroy());
  const nodes = [nodeOf(scope, first.process), nodeOf(scope, second)];

  const callAll = async (count: number, record: (ms: number) => void): Promise<void> => {
    const numbers = Array.from({ length: count }, (_, index) => index).values();
    const worker = async (): Promise<void> => {
      for (const number of numbers) {
        const device = number % deviceCount;
        // Devices alternate between the nodes, and each round of calls begins at the other one.
        const node = nodes[(device + Math.floor(number / deviceCount)) % 2];
        const client = first.clients[device];
        assert.ok(node !== undefined && client !== undefined);
        const startedAt = performance.now();
        const answer = await call(node, client.deviceId, number);
        record(performance.now() - startedAt);
        assert.deepEqual(answer, { status: 200, payload: { from: client.deviceId, number } });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };

  // The handshakes of the callers' connections are another benchmark's.
  await callAll(deviceCount, () => {});
  const latencies = new LatencyHistogram();
  const started = performance.now();
  await callAll(calls, (ms) => latencies.record(ms));
  const rate = Math.round(calls / ((performance.now() - started) / 1000)).toLocaleString("en");
  const [p50, p99] = [0.5, 0.99].map((quantile) => latencies.quantile(quantile).toFixed(1));
  const what = `${calls.toLocaleString("en")} over ${deviceCount} devices and two nodes, ${inFlight} in flight`;
  return `direct methods: ${rate} calls/s, p50 ${p50} ms, p99 ${p99} ms; ${what}, each answer to its caller`;
}

/** Another node of the hub: it has the NATS server of the first, and the key that seals secrets. */
async function startSecondNode(scope: AsyncDisposableStack, first: HubProcess): Promise<HubProcess> {
  const dataFolder = join(scratchFolder(scope), "second");
  mkdirSync(dataFolder);
  const firstFolder = join(first.variables.get("NODE_EXTRA_CA_CERTS") ?? "", "../..");
  copyFileSync(join(firstFolder, "master.key"), join(dataFolder, "master.key"));
  const second = await spawnHub({ dataFolder, flags: ["--nats-url", first.variables.get("NATS_URL") ?? ""] });
  scope.defer(() => second.stop("SIGTERM"));
  return second;
}

function nodeOf(scope: AsyncDisposableStack, { variables }: HubProcess): Node {
  const ca = readFileSync(variables.get("NODE_EXTRA_CA_CERTS") ?? "");
  const key = /SharedAccessKey=(.*)$/.exec(variables.get("IOTHUB_CONNECTION_STRING") ?? "")?.[1] ?? "";
  const agent = new Agent({ keepAlive: true, ca });
  scope.defer(() => agent.destroy());
  const authorization = `${sasToken("localhost", key)}&skn=iothubowner`;
  return { port: Number(variables.get("TWINSTREAM_HTTPS_PORT")), agent, authorization };
}

async function call({ port, agent, authorization }: Node, deviceId: string, number: number): Promise<unknown> {
  const path = `/twins/${deviceId}/methods?api-version=2021-04-12`;
  const headers = { authorization, "content-type": "application/json" };
  const sent = request({ method: "POST", host: "localhost", port, path, agent, headers });
  sent.end(JSON.stringify({ methodName: "echo", payload: number }));
  const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream & { readonly statusCode: number }];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  assert.equal(response.statusCode, 200, text);
  return JSON.parse(text);
}

/** A device that answers every call with its own name and what it was given. */
async function openDevice(port: number, client: BenchClient): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const parser = createParser();
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  parser.on("packet", (packet) => {
    if (packet.cmd === "publish") socket.write(answerTo(packet, client.deviceId));
    else if (packet.cmd === "connack") socket.write(subscribePacket);
    else resolve(socket);
  });
  socket.on("data", (data: Buffer) => parser.parse(data));
  socket.once("close", () => reject(new Error("the hub closed a connection")));
  socket.write(connectPacket(client));
  return await promise;
}

const subscribePacket = generate({
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic: "$iothub/methods/POST/#", qos: 0 }],
});

function answerTo({ topic, payload }: IPublishPacket, from: string): Buffer {
  const number = Number(String(payload));
  return generate({
    cmd: "publish",
    topic: topic.replace("POST/echo", "res/200"),
    payload: JSON.stringify({ from, number }),
    qos: 0,
    dup: false,
    retain: false,
  });
}
