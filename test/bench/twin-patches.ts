import { connect, type Socket } from "node:net";
import { parser as createParser, generate } from "mqtt-packet";
import { type BenchClient, startBenchHub } from "./bench-hub.ts";
import { connectPacket } from "./mqtt-packets.ts";
import type { Durability } from "./servers.ts";

const connections = 100;
/** Patches that a device keeps unanswered. */
const window = 4;

/** Reported patches a second over plain MQTT, each answered only when it is durable and readable. Returns a line. */
export async function measureTwinPatches(durability: Durability, quick: boolean): Promise<string> {
  await using scope = new AsyncDisposableStack();
  const hub = await startBenchHub(scope, durability, connections);
  const patches = quick ? 20 : durability === "always" ? 50 : 200;
  const sockets = await Promise.all(hub.clients.map((client) => open(hub.mqttPort, client)));
  const started = performance.now();
  await Promise.all(sockets.map((socket) => patchAll(socket, patches)));
  const rate = (connections * patches) / ((performance.now() - started) / 1000);
  for (const socket of sockets) socket.destroy();
  return `reported twin patches (${durability}): ${Math.round(rate).toLocaleString("en")}/s, ${connections} devices with ${window} in flight`;
}

async function open(port: number, client: BenchClient): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await answered(socket, 4, () => socket.write(connectPacket(client)));
  const subscriptions = [{ topic: "$iothub/twin/res/#", qos: 0 as const }];
  await answered(socket, 5, () => socket.write(generate({ cmd: "subscribe", messageId: 1, subscriptions })));
  return socket;
}

/** Resolves when `bytes` bytes have come back for what `ask` sent. */
function answered(socket: Socket, bytes: number, ask: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let seen = 0;
  const onData = (data: Buffer): void => {
    seen += data.length;
    if (seen < bytes) return;
    socket.off("data", onData);
    resolve();
  };
  socket.on("data", onData);
  socket.once("close", () => reject(new Error("the hub closed a connection")));
  ask();
  return promise;
}

/** Sends `count` patches with a few in flight and resolves when all are answered with status 204. */
function patchAll(socket: Socket, count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let done = 0;
  const send = (): void => {
    sent += 1;
    const topic = `$iothub/twin/PATCH/properties/reported/?$rid=${sent}`;
    const payload = Buffer.from(JSON.stringify({ temperature: sent }));
    socket.write(generate({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false }));
  };
  const parser = createParser();
  parser.on("packet", (packet) => {
    if (packet.cmd !== "publish") return;
    if (!packet.topic.startsWith("$iothub/twin/res/204/"))
      return reject(new Error(`a patch was answered ${packet.topic}`));
    done += 1;
    if (done === count) resolve();
    else if (sent < count) send();
  });
  socket.on("data", (data: Buffer) => parser.parse(data));
  socket.once("close", () => reject(new Error("the hub closed a connection")));
  for (let index = 0; index < Math.min(window, count); index += 1) send();
  return promise;
}
