import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, Count, jsonAnswer, Query } from "./schemas.ts";

const tags = ["Statistics"];

const RegistryStatistics = Type.Object(
  { totalDeviceCount: Count, enabledDeviceCount: Count, disabledDeviceCount: Count },
  { $id: "RegistryStatistics" },
);
const ServiceStatistics = Type.Object({ connectedDeviceCount: Count }, { $id: "ServiceStatistics" });

/** Counts (spec/http-api 2.5). Which right each of them needs is unconfirmed, so either right will do for both. */
export function statisticsRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(RegistryStatistics);
  app.addSchema(ServiceStatistics);
  const onRequest = serviceGuard(hub, "RegistryRead", "ServiceConnect");
  const schemaOf = (name: string, summary: string) => ({
    tags,
    summary,
    querystring: Query,
    response: answers({ 200: jsonAnswer(Type.Ref(`${name}#`), { description: "The counts" }) }),
  });

  const devices = schemaOf("RegistryStatistics", "Count devices");
  app.get("/statistics/devices", { schema: devices, onRequest }, (_request, reply) => {
    const { totalDeviceCount, enabledDeviceCount, disabledDeviceCount } = hub.statistics();
    reply.send({ totalDeviceCount, enabledDeviceCount, disabledDeviceCount });
  });

  const service = schemaOf("ServiceStatistics", "Count connected devices");
  app.get("/statistics/service", { schema: service, onRequest }, (_request, reply) => {
    const { connectedDeviceCount } = hub.statistics();
    reply.send({ connectedDeviceCount });
  });
}
