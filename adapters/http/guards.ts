import type { FastifyRequest, onRequestHookHandler } from "fastify";
import type { DevicePrincipal } from "../../core/access/access.ts";
import type { Right } from "../../core/access/policies.ts";
import type { Actor } from "../../core/events.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { RequestContext } from "../../core/identity/registry.ts";
import { rawPath } from "./request-path.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The back end that asks, once its guard let it in. */
    actor: Actor | undefined;
    /** The device or module that asks, once its guard let it in. */
    principal: DevicePrincipal | undefined;
  }
}

/** A guard runs before the body is read, so that a stranger costs little. */
export type Guard = onRequestHookHandler;

/** Every api-version that a client is known to send (spec/http-api 1.1); all mean the same here. */
const apiVersions: ReadonlySet<string> = new Set([
  "2016-09-30-preview",
  "2016-11-14",
  "2018-06-30",
  "2019-10-01",
  "2020-03-13",
  "2020-09-30",
  "2021-04-12",
  "2024-03-31",
]);

/** The newest api-version known, which the hub's own description names. */
export const newestApiVersion = "2024-03-31";

/**
 * Those of Azure Resource Manager, by which a hub itself is managed: all since the names of consumer groups stand in
 * bodies. Which of them clients send is not known of every client, so each that was published is taken.
 */
const managementVersions: ReadonlySet<string> = new Set([
  "2021-03-31",
  "2021-07-01",
  "2021-07-02",
  "2022-04-30-preview",
  "2022-11-15-preview",
  "2023-06-30",
  "2023-06-30-preview",
]);

/** Refuses an api-version that nobody sends. None at all is fine: the Node SDK's module-to-module calls have none. */
const versionGuard =
  (versions: ReadonlySet<string>): Guard =>
  ({ query }, _reply, done) => {
    const version =
      typeof query === "object" && query !== null && "api-version" in query ? query["api-version"] : undefined;
    if (version === undefined || (typeof version === "string" && versions.has(version))) return done();
    throw new HubError("InvalidProtocolVersion", "The api-version is not supported");
  };

const apiVersionGuard = versionGuard(apiVersions);

/** Lets back ends in whose policy holds one of `rights`. */
export const serviceGuard = (hub: Hub, ...rights: readonly Right[]): Guard[] => [
  apiVersionGuard,
  policyGuard(hub, rights),
];

/** As `serviceGuard`, with the api-versions of Azure Resource Manager. */
export const managementGuard = (hub: Hub, ...rights: readonly Right[]): Guard[] => [
  versionGuard(managementVersions),
  policyGuard(hub, rights),
];

const policyGuard =
  (hub: Hub, rights: readonly Right[]): Guard =>
  (request, _reply, done) => {
    request.actor = hub.serviceAccess.authorize(serviceRequest(request), ...rights);
    done();
  };

/** As `serviceGuard`, but a device may come with its own key to its own modules. */
export const modulesGuard = (hub: Hub, ...rights: readonly Right[]): Guard[] => [
  apiVersionGuard,
  (request, _reply, done) => {
    const { deviceId } = idsOf(request);
    request.actor = hub.serviceAccess.authorizeModules(serviceRequest(request), deviceId, ...rights);
    done();
  },
];

/** As `serviceGuard`, but a module may come with its own key, when it says in a header which it is (spec/http-api 4.1). */
export const serviceOrModuleGuard = (hub: Hub, ...rights: readonly Right[]): Guard[] => [
  apiVersionGuard,
  (request, reply, done) => {
    const caller = request.headers["x-ms-edge-moduleid"];
    if (caller === undefined) return policyGuard(hub, rights).call(request.server, request, reply, done);
    const identity = moduleIn(String(caller));
    hub.deviceAccess.authenticate({ ...identity, token: request.headers.authorization });
    request.actor = { kind: "device", ...identity };
    done();
  },
];

/** Reads `<deviceId>/<moduleId>`. No id holds a slash. */
function moduleIn(text: string): { deviceId: string; moduleId: string } {
  const [deviceId = "", moduleId = "", ...rest] = text.split("/");
  const isModule = isIdLength(deviceId) && isIdLength(moduleId) && rest.length === 0;
  if (!isModule) throw new HubError("ArgumentInvalid", "x-ms-edge-moduleId must name a device and its module");
  return { deviceId, moduleId };
}

const isIdLength = ({ length }: string): boolean => length > 0 && length <= 128;

/** Lets the device or module in that the path names. */
export const deviceGuard = (hub: Hub): Guard[] => [
  apiVersionGuard,
  (request, _reply, done) => {
    request.principal = hub.deviceAccess.authenticate({ ...idsOf(request), token: request.headers.authorization });
    done();
  },
];

const serviceRequest = ({ headers, raw }: FastifyRequest) => ({
  authorization: headers.authorization,
  path: rawPath(raw.url ?? "/"),
});

/** The ids of the path, decoded; the route's schema has yet to judge them. */
function idsOf({ params }: FastifyRequest): { deviceId: string; moduleId?: string } {
  const { deviceId, moduleId } = params as { readonly deviceId?: string; readonly moduleId?: string };
  return { deviceId: deviceId ?? "", ...(moduleId !== undefined && { moduleId }) };
}

/** Who asks, for the journal. Throws an Error on a route that has no guard. */
export function contextOf({ actor, id }: FastifyRequest): RequestContext {
  if (actor === undefined) throw new Error("a route that changes something has no guard");
  return { actor, correlationId: id };
}

/** The identity that sends telemetry. Throws an Error on a route that has no guard. */
export function principalOf({ principal }: FastifyRequest): DevicePrincipal {
  if (principal === undefined) throw new Error("a device's route has no guard");
  return principal;
}
