import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import type { JsonObject } from "../../core/json.ts";
import { configurationDocument } from "./configuration-document.ts";
import { Configuration, ConfigurationContent, ConfigurationWrite, QueriesTest } from "./configuration-schemas.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { ifMatchOf } from "./if-match.ts";
import { answers, DeviceParams, etagHeader, IfMatch, jsonAnswer, ListQuery, Nothing, Query } from "./schemas.ts";

const tags = ["Automatic configurations"];
const url = "/configurations/:id";
const Params = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 128, description: "id of the configuration, small letters" }),
});
const configurationAnswer = jsonAnswer(Type.Ref("Configuration#"), {
  description: "The configuration",
  headers: etagHeader,
});
const ConfigurationBody = Type.Unsafe<JsonObject>(Type.Ref("ConfigurationWrite#"));

/**
 * Automatic configurations and IoT Edge deployments (spec/http-api 7). Which right each call needs is unconfirmed: those of
 * the registry and that of back ends both do (spec/identity-and-security 6).
 */
export function configurationRoutes(app: HttpApp, hub: Hub): void {
  for (const schema of [Configuration, ConfigurationWrite, ConfigurationContent, QueriesTest]) app.addSchema(schema);
  reads(app, hub);
  writes(app, hub);
  tests(app, hub);
  application(app, hub);
}

function reads(app: HttpApp, hub: Hub): void {
  const onRequest = serviceGuard(hub, "RegistryRead", "ServiceConnect");

  const all = jsonAnswer(Type.Array(Type.Ref("Configuration#")), { description: "All of them, by id" });
  const list = { tags, summary: "List configurations", querystring: ListQuery, response: answers({ 200: all }) };
  app.get("/configurations", { schema: list, onRequest }, ({ query }, reply) => {
    reply.send(hub.configurations.list(Number(query.top)).map(configurationDocument));
  });

  const get = {
    tags,
    summary: "Get a configuration",
    params: Params,
    querystring: Query,
    response: answers({ 200: configurationAnswer }),
  };
  app.get(url, { schema: get, onRequest }, ({ params }, reply) => {
    const configuration = hub.configurations.get(params.id);
    reply.header("etag", `"${configuration.etag}"`).send(configurationDocument(configuration));
  });
}

function writes(app: HttpApp, hub: Hub): void {
  const onRequest = serviceGuard(hub, "RegistryWrite", "ServiceConnect");
  const shared = { tags, params: Params, querystring: Query, headers: IfMatch };

  const put = {
    ...shared,
    summary: "Create a configuration, or with If-Match update it; its content stays",
    body: ConfigurationBody,
    response: answers({ 200: configurationAnswer }),
  };
  app.put(url, { schema: put, onRequest }, async (request, reply) => {
    const { params, headers, body } = request;
    const write = { ...contextOf(request), ...params, ...ifMatchOf(headers["if-match"]), body };
    const configuration = await hub.configurations.put(write);
    reply.header("etag", `"${configuration.etag}"`);
    return configurationDocument(configuration);
  });

  const remove = {
    ...shared,
    summary: "Delete a configuration; what it set in twins goes too",
    response: answers({ 204: Nothing }),
  };
  app.delete(url, { schema: remove, onRequest }, async (request, reply) => {
    const { params, headers } = request;
    await hub.configurations.delete({ ...contextOf(request), ...params, ...ifMatchOf(headers["if-match"]) });
    return sendNothing(reply);
  });
}

function tests(app: HttpApp, hub: Hub): void {
  const test = {
    tags,
    summary: "Check a target condition and queries of metrics",
    querystring: Query,
    body: Type.Unsafe<JsonObject>(
      Type.Object({
        targetCondition: Type.Optional(Type.String()),
        customMetricQueries: Type.Optional(Type.Record(Type.String(), Type.String())),
      }),
    ),
    response: answers({ 200: jsonAnswer(Type.Ref("QueriesTest#"), { description: "What is wrong with them" }) }),
  };
  const onRequest = serviceGuard(hub, "RegistryRead", "ServiceConnect");
  app.post("/configurations/testQueries", { schema: test, onRequest }, ({ body }, reply) => {
    reply.send(hub.configurations.testQueries(body));
  });
}

function application(app: HttpApp, hub: Hub): void {
  const apply = {
    tags,
    summary: "Write the content of a deployment once to the modules of an IoT Edge device",
    params: DeviceParams,
    querystring: Query,
    body: Type.Unsafe<JsonObject>(Type.Ref("ConfigurationContent#")),
    response: answers({ 204: Nothing }),
  };
  const onRequest = serviceGuard(hub, "RegistryWrite", "ServiceConnect");
  app.post("/devices/:deviceId/applyConfigurationContent", { schema: apply, onRequest }, async (request, reply) => {
    const { params, body } = request;
    await hub.configurations.applyContent({ ...contextOf(request), ...params, body });
    return sendNothing(reply);
  });
}
