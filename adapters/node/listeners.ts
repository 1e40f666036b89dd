import type { Logger } from "pino";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import type { Attach } from "../amqp/link.ts";
import { createAmqpListener } from "../amqp/listener.ts";
import { createRedirect } from "../amqp/redirect.ts";
import { listenAmqps } from "../amqp/servers.ts";
import { createHttpServer, type Readiness } from "../http/server.ts";
import { createMqttListener } from "../mqtt/listener.ts";
import { listenMqtt, listenMqtts } from "../mqtt/servers.ts";
import type { Settings } from "../settings/schema.ts";
import { boundHandshakes } from "../sockets/handshakes.ts";
import { attachWebSockets, type WebSocketOptions } from "../websocket/upgrade.ts";
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
  /** Takes the links of the built-in, Event Hubs-compatible endpoint. */
  readonly eventHubs: Attach;
};

/** Opens every listener of the hub. */
export async function openListeners(options: OpenListeners): Promise<AsyncDisposable & { readonly ports: Ports }> {
  const { settings, hub, tls, clock, log, eventHubs } = options;
  await using opening = new AsyncDisposableStack();
  const bind = settings.bind === undefined ? {} : { host: settings.bind };

  const listener = createMqttListener({ hub, clock, log });
  const redirect = (rest: string, calledBy: string | undefined) =>
    createRedirect({ entity: settings.hub, hostName: settings.host ?? "localhost", port: amqps.port })(rest, calledBy);
  const amqp = createAmqpListener({ hub, clock, log, containerId: settings.hub, eventHubs, redirect });
  const amqps = opening.use(await listenAmqps({ listener: amqp, tls: tls.context, port: settings.amqpsPort, ...bind }));
  const https = await listenHttps(options, bind, {
    mqtt: (stream, info) => listener.accept(stream, info),
    amqp: (stream, info) => amqp.accept(stream, info),
  });
  opening.defer(https.close);
  // What is deferred last runs first: the hub records why WebSockets end before the HTTPS server cuts them off.
  opening.defer(() => listener.close());
  opening.defer(() => amqp.close());
  const mqtts = opening.use(await listenMqtts({ listener, tls: tls.context, port: settings.mqttsPort, ...bind }));
  const mqtt =
    settings.mqttPort === undefined
      ? undefined
      : opening.use(await listenMqtt({ listener, port: settings.mqttPort, ...bind }));

  const ports = { https: https.port, mqtts: mqtts.port, amqps: amqps.port, mqtt: mqtt?.port };
  const open = opening.move();
  return { ports, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** Handshakes under way at once on the HTTPS port, where devices with WebSockets come back all together too. */
const maxHttpsHandshakes = 1_000;

type Listening = { readonly port: number; readonly close: () => Promise<void> };

async function listenHttps(
  { settings, hub, tls, log, readiness }: OpenListeners,
  bind: { host?: string },
  protocols: Pick<WebSocketOptions, "mqtt" | "amqp">,
): Promise<Listening> {
  const open = async (wanted: number): Promise<Listening> => {
    const https = await createHttpServer({ hub, hubName: settings.hub, log, tls: tls.context, readiness });
    const { server } = https;
    boundHandshakes(server, maxHttpsHandshakes);
    const webSockets = attachWebSockets({ server, log, ...protocols });
    const close = async () => {
      webSockets.close();
      await https.close();
    };
    try {
      return { port: await https.listen({ port: wanted, ...bind }), close };
    } catch (error) {
      // A server whose listen failed can't be used again.
      await close();
      throw error;
    }
  };
  if (settings.httpsPort !== undefined) return await open(settings.httpsPort);
  try {
    return await open(443);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EADDRINUSE") throw error;
    const why = code === "EACCES" ? "is not permitted to this user" : "is taken by another program";
    log.warn(`port 443 ${why}, so HTTPS is on 8443; the service SDKs always call 443: ${adviceFor(code)}`);
    return await open(8443);
  }
}

const adviceFor = (code: "EACCES" | "EADDRINUSE"): string =>
  code === "EADDRINUSE"
    ? "stop that program, or forward 443 of another address to 8443"
    : "run `sudo sysctl net.ipv4.ip_unprivileged_port_start=443` and start the hub again, or forward 443 to 8443";
