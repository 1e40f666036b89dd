import { readFileSync } from "node:fs";
import { type ConnectionOptions, connect, credsAuthenticator, Events, type NatsConnection } from "nats";
import type { NatsLog } from "./nats-log.ts";
import { parseServerAddresses, type ServerAddresses } from "./server-addresses.ts";
import { maxPayloadBytes } from "./server-config.ts";
import { requireServerVersion } from "./server-version.ts";

/** How the hub reaches NATS. */
export type ConnectRequest = {
  /** One server or several, separated by commas; `nats://` or `tls://`, with or without `user:password@`. */
  readonly url: string;
  /** The path of a `.creds` file. It is read at each connect, so a renewed one is taken up. */
  readonly credsFile?: string;
  /** The path of a PEM file with the CA of the servers' certificates, if the system doesn't know it. */
  readonly caFile?: string;
  /** The name that NATS shows for this connection. */
  readonly name: string;
  readonly log: NatsLog;
};

/** Also how long a lost network goes unnoticed, when it isn't the socket that tells: this, times the pings. */
const pingIntervalMs = 10_000;
const unansweredPings = 2;

/**
 * Connects to NATS; from then on the connection comes back by itself, whatever happens, until it is closed. Throws when
 * no server lets the hub in now, when the server is too old or has no JetStream, and when its `max_payload` is under
 * 1 MiB.
 */
export async function connectNats(request: ConnectRequest): Promise<NatsConnection> {
  const addresses = parseServerAddresses(request.url);
  const nc = await connect(optionsOf(request, addresses)).catch((cause: unknown) => {
    throw new Error(`cannot connect to NATS at ${addresses.servers.join(", ")}`, { cause });
  });
  try {
    checkServer(nc);
  } catch (error) {
    await nc.close();
    throw error;
  }
  void logStates(nc, request);
  void nc.closed().then(() => request.log.info({ connection: request.name }, "NATS connection closed"));
  return nc;
}

function optionsOf({ credsFile, caFile, name }: ConnectRequest, addresses: ServerAddresses): ConnectionOptions {
  const { servers, tls, credentials } = addresses;
  return {
    servers: [...servers],
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 150,
    reconnectJitterTLS: 150,
    // A server that restarts may refuse everyone for a moment; giving up would stop the hub for good.
    ignoreAuthErrorAbort: true,
    pingInterval: pingIntervalMs,
    maxPingOut: unansweredPings,
    timeout: 5_000,
    noAsyncTraces: true,
    ...(tls || caFile !== undefined ? { tls: caFile === undefined ? {} : { caFile } } : {}),
    ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(() => readFileSync(credsFile)) }),
    ...(credentials.kind === "password" ? { user: credentials.user, pass: credentials.password } : {}),
    ...(credentials.kind === "token" ? { token: credentials.token } : {}),
  };
}

function checkServer({ info }: NatsConnection): void {
  if (info === undefined) throw new Error("NATS closed the connection at once");
  const where = `${info.host}:${info.port}`;
  requireServerVersion(info.version, where);
  if (info.jetstream !== true) throw new Error(`the NATS server at ${where} has no JetStream`);
  if (info.max_payload < maxPayloadBytes) {
    throw new Error(`the NATS server at ${where} has a max_payload under ${maxPayloadBytes} bytes`);
  }
}

async function logStates(nc: NatsConnection, { name, log }: ConnectRequest): Promise<void> {
  for await (const { type, data } of nc.status()) {
    const fields = { connection: name, server: data };
    if (type === Events.Disconnect) log.warn(fields, "NATS connection lost");
    else if (type === Events.Reconnect) log.info(fields, "NATS connection restored");
    else if (type === Events.LDM) log.warn(fields, "NATS server is about to stop");
    else if (type === Events.Error) log.error({ connection: name, error: data }, "NATS server reports an error");
  }
}
