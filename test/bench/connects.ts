import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import { type BenchClient, type BenchHub, startBenchHub } from "./bench-hub.ts";
import { connectPacket } from "./mqtt-packets.ts";

/** Handshakes under way at once. */
const atOnce = 64;

/** TLS connects a second, and the memory that idle TLS connections cost the hub. Returns two lines. */
export async function measureConnects(quick: boolean): Promise<string> {
  await using scope = new AsyncDisposableStack();
  const count = quick ? 500 : 5000;
  const hub = await startBenchHub(scope, "interval", count);
  const before = residentKb(hub);
  const started = performance.now();
  const sockets = await openAll(hub, hub.clients);
  const seconds = (performance.now() - started) / 1000;
  const perConnection = (residentKb(hub) - before) / count;
  for (const socket of sockets) socket.destroy();
  return [
    `TLS connects: ${Math.round(count / seconds)}/s, each with its DeviceConnected event stored before CONNACK`,
    `${count} idle TLS connections: ${perConnection.toFixed(0)} kB of the hub's memory each`,
  ].join("\n");
}

async function openAll(hub: BenchHub, clients: readonly BenchClient[]): Promise<readonly TLSSocket[]> {
  const sockets: TLSSocket[] = [];
  const waiting = clients.values();
  const worker = async (): Promise<void> => {
    for (const client of waiting) sockets.push(await open(hub, client));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return sockets;
}

async function open({ mqttsPort, ca }: BenchHub, client: BenchClient): Promise<TLSSocket> {
  const socket = connect({ port: mqttsPort, host: "127.0.0.1", servername: "localhost", ca });
  await once(socket, "secureConnect");
  socket.write(connectPacket(client));
  const [connack] = (await once(socket, "data")) as [Buffer];
  if (connack[3] !== 0) throw new Error(`CONNECT was answered ${connack.toString("hex")}`);
  return socket;
}

/** Resident memory of the hub's process in kB, from /proc. */
function residentKb({ process }: BenchHub): number {
  const status = readFileSync(`/proc/${process.child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
}
