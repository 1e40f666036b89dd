import type { Logger } from "pino";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { createHttpServer, type Readiness } from "../http/server.ts";
import { createMqttListener } from "../mqtt/listener.ts";
import { listenMqtt, listenMqtts } from "../mqtt/servers.ts";
import type { Settings } from "../settings/schema.ts";
import type { HubTls } from "./open-tls.ts";

/** The ports that the hub listens on; `mqtt` only when the plain listener was asked for. */
export type Ports = {
  readonly https: number;
  readonly mqtts: number;
  readonly amqps: number;
  readonly mqtt: number | undefined;
};

type OpenListeners = {
  readonly settings: Settings;
  readonly hub: Hub;
  readonly tls: HubTls;
  readonly clock: Clock;
  readonly log: Logger;
  readonly readiness: Readiness;
};

/** Opens every listener of the hub. */
export async function openListeners(options: OpenListeners): Promise<AsyncDisposable & { readonly ports: Ports }> {
  const { settings, hub, tls, clock, log } = options;
  await using opening = new AsyncDisposableStack();
  const bind = settings.bind === undefined ? {} : { host: settings.bind };

  const listener = createMqttListener({ hub, clock, log });
  opening.defer(() => listener.close());
  const mqtts = opening.use(await listenMqtts({ listener, tls: tls.context, port: settings.mqttsPort, ...bind }));
  const mqtt =
    settings.mqttPort === undefined
      ? undefined
      : opening.use(await listenMqtt({ listener, port: settings.mqttPort, ...bind }));
  const https = await listenHttps(options, bind);
  opening.defer(https.close);

  const ports = { https: https.port, mqtts: mqtts.port, amqps: settings.amqpsPort, mqtt: mqtt?.port };
  const open = opening.move();
  return { ports, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

type Listening = { readonly port: number; readonly close: () => Promise<void> };

async function listenHttps(
  { settings, hub, tls, log, readiness }: OpenListeners,
  bind: { host?: string },
): Promise<Listening> {
  const server = await createHttpServer({ hub, log, tls: tls.context, readiness });
  const close = () => server.close();
  if (settings.httpsPort !== undefined)
    return { port: await server.listen({ port: settings.httpsPort, ...bind }), close };
  try {
    return { port: await server.listen({ port: 443, ...bind }), close };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EADDRINUSE") throw error;
    const why = code === "EACCES" ? "is not permitted to this user" : "is taken by another program";
    log.warn(`port 443 ${why}, so HTTPS is on 8443; the service SDKs always call 443: ${adviceFor(code)}`);
    // A server whose listen failed can't be used again.
    await server.close();
    const second = await createHttpServer({ hub, log, tls: tls.context, readiness });
    return { port: await second.listen({ port: 8443, ...bind }), close: () => second.close() };
  }
}

const adviceFor = (code: "EACCES" | "EADDRINUSE"): string =>
  code === "EADDRINUSE"
    ? "stop that program, or forward 443 of another address to 8443"
    : "run `sudo sysctl net.ipv4.ip_unprivileged_port_start=443` and start the hub again, or forward 443 to 8443";
