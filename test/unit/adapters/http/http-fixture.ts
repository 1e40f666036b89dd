import assert from "node:assert/strict";
import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { pino } from "pino";
import { createHttpServer, type HttpServerDeps } from "../../../../adapters/http/server.ts";
import { hubTlsOptions } from "../../../../adapters/tls/tls-options.ts";
import type { DevicePrincipal } from "../../../../core/access/access.ts";
import { type ConnectionState, neverConnected } from "../../../../core/connection/connection.ts";
import { createSessions } from "../../../../core/connection/sessions.ts";
import type { Actor } from "../../../../core/events.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import { HubError } from "../../../../core/hub-error.ts";
import type { DeviceFields, LiveDevice } from "../../../../core/identity/device.ts";
import type { LiveModule } from "../../../../core/identity/module.ts";
import type { DeviceView, ModuleView, TwinView } from "../../../../core/identity/views.ts";

/** One call that reached the hub, by the name of its use case. */
type Call = { readonly name: string; readonly args: readonly unknown[] };

/** What a test lets the hub answer, by the name of the use case; what is missing may not be called. */
export type Script = Readonly<Record<string, (...args: never[]) => unknown>>;

const owner: Actor = { kind: "policy", policy: "iothubowner" };

const letIn: Script = {
  "serviceAccess.authorize": () => owner,
  "serviceAccess.authorizeModules": () => owner,
  "deviceAccess.authenticate": ({ deviceId, moduleId }: { deviceId: string; moduleId?: string }): DevicePrincipal => ({
    deviceId,
    ...(moduleId !== undefined && { moduleId }),
    generationId: "1",
    authMethod: "{}",
    validUntil: Number.POSITIVE_INFINITY,
  }),
};

/** A hub that lets everybody in and plays a script, and the calls that it got. */
export function scriptedHub(script: Script): { hub: Hub; calls: Call[] } {
  const calls: Call[] = [];
  const all = { ...letIn, ...script };
  const play = (name: string, args: readonly unknown[]): unknown => {
    calls.push({ name, args });
    const answer = all[name];
    if (answer === undefined) throw new Error(`the script says nothing of ${name}`);
    return answer(...(args as never[]));
  };
  const area = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_target, member) =>
          (...args: unknown[]) =>
            play(`${name}.${String(member)}`, args),
      },
    );
  const areas = [
    "serviceAccess",
    "deviceAccess",
    "registry",
    "twins",
    "methods",
    "connections",
    "telemetry",
    "history",
    "pastTwins",
    "consumerGroups",
    "commands",
    "feedback",
    "fileUploads",
    "jobs",
    "configurations",
    "registryJobs",
    "queries",
    "queryIndexes",
  ] as const;
  const hub = {
    ...Object.fromEntries(areas.map((name) => [name, area(name)])),
    sessions: createSessions(),
    statistics: () => play("statistics", []),
  };
  return { hub: hub as unknown as Hub, calls };
}

/** The HTTPS adapter over a scripted hub, without a socket. `lines` are what it logged. */
export async function openHttp(script: Script = {}, deps: Partial<HttpServerDeps> = {}) {
  const { hub, calls } = scriptedHub(script);
  const lines: Record<string, unknown>[] = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const http = await createHttpServer({
    hub,
    hubName: "hub-1",
    log: pino({ level: "debug" }, sink),
    tls: { options: () => hubTlsOptions({ cert: "", key: "" }), onChange: () => {} },
    readiness: () => ({ ready: true }),
    ...deps,
  });
  return {
    http,
    calls,
    lines,
    send: async (options: InjectOptions) => await http.inject(options),
    /** The only call of that name. */
    only: (name: string): readonly unknown[] => {
      const found = calls.filter((call) => call.name === name);
      assert.equal(found.length, 1, `one call of ${name}`);
      return found[0]?.args ?? [];
    },
    [Symbol.asyncDispose]: async () => await http.close(),
  };
}

/** Checks an error answer: status, form A, and the header that must name the same error (spec/http-api 11.1). */
export function assertRefused(response: LightMyRequestResponse, status: number, reason: string): string {
  assert.equal(response.statusCode, status, response.body);
  assert.equal(response.headers["iothub-errorcode"], reason);
  assert.equal(response.headers["content-type"], "application/json; charset=utf-8");
  const body = response.json<Record<string, string>>();
  assert.deepEqual(Object.keys(body), ["Message", "ExceptionMessage"]);
  assert.match(
    body.ExceptionMessage ?? "",
    /^Tracking ID:[0-9a-f]{32}-G:0-TimeStamp:\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d$/,
  );
  const [code, text, ...rest] = (body.Message ?? "").split(";");
  assert.equal(code, `ErrorCode:${reason}`);
  assert.deepEqual(rest, [], "one semicolon only");
  return text ?? "";
}

export const refuse =
  (...args: ConstructorParameters<typeof HubError>) =>
  () => {
    throw new HubError(...args);
  };

const fields: DeviceFields = {
  status: "enabled",
  statusReason: null,
  authentication: {
    type: "sas",
    symmetricKey: { primaryKey: "cHJpbWFyeQ==", secondaryKey: "c2Vjb25kYXJ5" },
    x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
  },
  capabilities: { iotEdge: false },
  deviceScope: null,
  parentScopes: [],
};

/** A device that never connected. */
export const deviceView = (
  change: Partial<DeviceFields> = {},
  connection: ConnectionState = neverConnected,
): DeviceView => ({
  device: {
    status: "live",
    deviceId: "dev-1",
    generationId: "637612875240648717",
    etag: "MQ==",
    fields: { ...fields, ...change },
    statusUpdatedTime: null,
    createdTime: "2026-01-01T00:00:00.000Z",
  },
  connection,
  cloudToDeviceMessageCount: 0,
});

/** A module that never connected. */
export const moduleView = (): ModuleView => ({
  module: {
    status: "live",
    deviceId: "dev-1",
    moduleId: "mod-1",
    deviceGenerationId: "637612875240648717",
    generationId: "637612875240648999",
    etag: "Mg==",
    fields: { managedBy: null, authentication: fields.authentication },
    createdTime: "2026-01-01T00:00:00.000Z",
  },
  connection: neverConnected,
  cloudToDeviceMessageCount: 0,
});

/** A fresh twin with a tag and a desired property. */
export const twinView = (device: LiveDevice = deviceView().device, module?: LiveModule): TwinView => ({
  twin: {
    generationId: device.generationId,
    version: 2,
    etag: "AAAAAAAAAAE=",
    tags: { floor: 1 },
    desired: { values: { on: true }, metadata: { $lastUpdated: "2026-01-01T00:00:00.000Z" }, version: 1 },
    reported: { values: {}, metadata: { $lastUpdated: "2026-01-01T00:00:00.000Z" }, version: 1 },
  },
  device,
  ...(module && { module }),
  connection: neverConnected,
  cloudToDeviceMessageCount: 0,
});
