import { once } from "node:events";
import type { Server } from "node:https";
import type { Logger } from "pino";
import type { Hub } from "../../core/hub/hub.ts";
import type { TlsContext } from "../tls/reloading-context.ts";
import { bulkRoutes } from "./bulk-routes.ts";
import { commandQueueRoutes } from "./command-queue-routes.ts";
import { commandRoutes } from "./command-routes.ts";
import { configurationRoutes } from "./configuration-routes.ts";
import { consumerGroupRoutes } from "./consumer-group-routes.ts";
import { deviceRoutes } from "./device-routes.ts";
import { feedbackRoutes } from "./feedback-routes.ts";
import { fileUploadRoutes } from "./file-upload-routes.ts";
import { historyRoutes } from "./history-routes.ts";
import { createHttpApp } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { jobRoutes } from "./job-routes.ts";
import { methodRoutes } from "./method-routes.ts";
import { moduleRoutes } from "./module-routes.ts";
import { describeRoutes } from "./openapi.ts";
import { pastTwinRoutes } from "./past-twin-routes.ts";
import { queryIndexRoutes } from "./query-index-routes.ts";
import { queryRoutes } from "./query-routes.ts";
import { registryJobRoutes } from "./registry-job-routes.ts";
import { httpLog } from "./request-log.ts";
import { statisticsRoutes } from "./statistics-routes.ts";
import { type Readiness, systemRoutes } from "./system-routes.ts";
import { telemetryRoutes } from "./telemetry-routes.ts";
import { twinRoutes } from "./twin-routes.ts";

export type { Readiness } from "./system-routes.ts";

/** What the HTTPS listener is made of. */
export type HttpServerDeps = {
  readonly hub: Hub;
  /** The name by which management paths call this hub. */
  readonly hubName: string;
  readonly log: Logger;
  readonly tls: Pick<TlsContext, "options" | "onChange">;
  readonly readiness: Readiness;
};

/** The HTTPS listener. */
export type HttpServer = {
  /** Node's own server. Without a listener for `upgrade` it treats a request to upgrade like any other. */
  readonly server: Server;
  /** Runs a request through the routes without a socket. */
  readonly inject: HttpApp["inject"];
  /** Starts to listen, on all addresses when `host` is absent; resolves to the port. Rejects when it can't. */
  listen(options: { readonly host?: string; readonly port: number }): Promise<number>;
  /** Takes no more connections, lets requests finish for up to 5 seconds, then ends what is left. */
  close(): Promise<void>;
};

const closeGraceMs = 5_000;

/** Makes the HTTPS adapter of the hub: the data plane's REST (spec/http-api), health, and its own description. */
export async function createHttpServer(deps: HttpServerDeps): Promise<HttpServer> {
  const { hub, hubName, log, tls, readiness } = deps;
  const app = createHttpApp({ log: httpLog(log), tlsOptions: tls.options() });
  await describeRoutes(app);
  systemRoutes(app, readiness);
  deviceRoutes(app, hub);
  moduleRoutes(app, hub);
  bulkRoutes(app, hub);
  statisticsRoutes(app, hub);
  twinRoutes(app, hub);
  pastTwinRoutes(app, hub);
  queryRoutes(app, hub);
  queryIndexRoutes(app, hub);
  methodRoutes(app, hub);
  jobRoutes(app, hub);
  historyRoutes(app, hub);
  telemetryRoutes(app, hub);
  commandRoutes(app, hub);
  commandQueueRoutes(app, hub);
  feedbackRoutes(app, hub);
  fileUploadRoutes(app, hub);
  configurationRoutes(app, hub);
  registryJobRoutes(app, hub);
  consumerGroupRoutes(app, hub, hubName);
  await app.ready();
  const { server } = app;
  tls.onChange((options) => server.setSecureContext(options));
  return {
    server,
    inject: app.inject.bind(app),
    async listen(options) {
      server.listen(options);
      await once(server, "listening");
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("the HTTPS server has no port");
      return address.port;
    },
    async close() {
      const grace = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await app.close();
      clearTimeout(grace);
    },
  };
}
