import type { Actor, AggregateKey, EventMeta, IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import type { Json, JsonObject } from "../json.ts";
import type { AppendResult, Clock, Ids, Journal, Live, LiveService, ReadModel } from "../ports.ts";
import { type FailedOutcome, failedCall, failureOf } from "./failure.ts";
import type { DeviceReply, LiveCall } from "./live-call.ts";
import type { MethodEvent } from "./method.ts";
import { parseCall } from "./parse-call.ts";
import { requireReach } from "./reach.ts";

/** A call as it came: `body` is the caller's JSON object. */
export type MethodInvocation = IdentityKey & {
  readonly body: JsonObject;
  readonly actor: Actor;
  readonly correlationId: string;
  /** Aborted when the caller is gone: then nobody waits for the device to connect. */
  readonly signal?: AbortSignal;
};

/** The device's answer. */
export type MethodResult = { readonly status: number; readonly payload: Json };

/** A connection whose device takes method calls. */
export type MethodListener = {
  readonly key: IdentityKey;
  readonly connectionId: string;
  /** Hands a call to the device; never rejects. After `signal` nobody waits for the answer any more. */
  readonly deliver: (call: LiveCall, signal: AbortSignal) => Promise<DeviceReply>;
};

/** Direct methods (spec/twins-methods-jobs 10). */
export type Methods = {
  /**
   * Calls a method and resolves to the device's answer, once the journal holds it. Throws HubError as `parseCall`,
   * `DeviceNotFound` also for a disabled device, `ModuleNotFound`, `IotHubUnauthorizedAccess` for a module that reaches
   * too far, and for a call without an answer the reasons of `MethodFailure`.
   */
  invoke(invocation: MethodInvocation): Promise<MethodResult>;
  /**
   * As `invoke`, but of all who call with the same `eventId` one reaches the device: undefined for the others, and when it is
   * not known whether an earlier try of this one got through. The journal remembers ids for two minutes.
   */
  invokeOnce(invocation: MethodInvocation & { readonly eventId: string }): Promise<MethodResult | undefined>;
  /** Lets calls reach a device, from any node of the hub, from `ready` on until `stop`. */
  listen(listener: MethodListener): LiveService;
};

/** What the use cases are built from. `onError` hears of deliveries that could not be recorded. */
export type MethodsDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "device" | "module" | "applied">;
  readonly live: Live;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
  readonly onError: (error: unknown) => void;
};

/**
 * Calls of one connection that may wait for their answer. That there is a limit is documented by its error, 403800; the
 * number is unconfirmed.
 */
export const maxMethodsInFlight = 64;

/** The hub answers this much before a caller's own time-out: the Node SDK grants nothing for the way (spec/http-api 4). */
const answerEarlyMs = 250;

/** Makes the use cases. */
export function createMethods(deps: MethodsDeps): Methods {
  return {
    async invoke(invocation) {
      const call = newCall(deps, invocation, deps.ids.uuid());
      await append(deps, call.key, { type: "MethodCalled", data: call.data }, call.meta);
      return await answered(deps, call);
    },
    async invokeOnce({ eventId, ...invocation }) {
      const call = newCall(deps, invocation, eventId);
      const { isDuplicate } = await append(deps, call.key, { type: "MethodCalled", data: call.data }, call.meta);
      return isDuplicate ? undefined : await answered(deps, call);
    },
    listen: (listener) => listen(deps, listener),
  };
}

/** A call that is about to be recorded. */
type NewCall = {
  readonly key: IdentityKey;
  readonly data: Extract<MethodEvent, { type: "MethodCalled" }>["data"];
  readonly meta: EventMeta;
  readonly calledAtMs: number;
  readonly signal: AbortSignal | undefined;
};

function newCall(deps: MethodsDeps, invocation: MethodInvocation, eventId: string): NewCall {
  const { deviceId, moduleId, body, actor, correlationId, signal } = invocation;
  const key = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
  const request = parseCall(body);
  requireReach(actor, key, deps.readModel.device(deviceId)?.value);
  const generationId = generationOf(deps.readModel, key);
  const calledAtMs = deps.clock.now();
  const meta = { id: eventId, time: deps.clock.isoTime(calledAtMs), actor, correlationId };
  const data = { requestId: deps.ids.uuid(), generationId, ...request, at: meta.time };
  return { key, data, meta, calledAtMs, signal };
}

/** Hands a recorded call to the device, and records how it ended. */
async function answered(deps: MethodsDeps, { key, data, meta, calledAtMs, signal }: NewCall): Promise<MethodResult> {
  const { requestId, generationId, methodName, payload, connectTimeoutInSeconds, responseTimeoutInSeconds } = data;
  const call = { requestId, generationId, callEventId: meta.id, correlationId: meta.correlationId };
  const outcome = await deps.live.request(
    key,
    { ...call, methodName, payload },
    {
      connectTimeoutMs: connectTimeoutInSeconds * 1_000,
      responseTimeoutMs: responseTimeoutInSeconds * 1_000 - answerEarlyMs,
      ...(signal === undefined ? {} : { signal }),
    },
  );

  const ended = { ...call, key, durationMs: deps.clock.now() - calledAtMs };
  if (outcome.kind !== "answered") throw await recordFailure(deps, ended, outcome);
  const { status, payload: answer } = outcome;
  await recordEnd(deps, ended, { kind: "device", ...key }, (common) => ({
    type: "MethodAnswered",
    data: { ...common, status, payload: answer },
  }));
  return { status, payload: answer };
}

/** The generation of the identity that is called. */
function generationOf(readModel: MethodsDeps["readModel"], { deviceId, moduleId }: IdentityKey): string {
  const device = readModel.device(deviceId)?.value;
  if (device === undefined || device.fields.status === "disabled") {
    throw new HubError("DeviceNotFound", deviceId, { deviceId });
  }
  if (moduleId === undefined) return device.generationId;
  const module = readModel.module(deviceId, moduleId)?.value;
  if (module === undefined) throw new HubError("ModuleNotFound", moduleId, { deviceId, moduleId });
  return module.generationId;
}

type EndedCall = {
  readonly key: IdentityKey;
  readonly requestId: string;
  readonly generationId: string;
  readonly correlationId: string;
  readonly callEventId: string;
  readonly durationMs: number;
};

async function recordFailure(deps: MethodsDeps, ended: EndedCall, outcome: FailedOutcome): Promise<HubError> {
  const reason = failureOf(outcome);
  const actor: Actor = { kind: "hub", nodeId: deps.nodeId };
  await recordEnd(deps, ended, actor, (common) => ({ type: "MethodFailed", data: { ...common, reason } }));
  return failedCall(reason, ended.key.deviceId);
}

type CommonData = Pick<EndedCall, "requestId" | "generationId" | "durationMs"> & { readonly at: string };

/** Records the end of a call and waits for the local views, so that the caller finds it in the history. */
async function recordEnd(
  deps: MethodsDeps,
  { key, requestId, generationId, durationMs, correlationId, callEventId: causationId }: EndedCall,
  actor: Actor,
  event: (common: CommonData) => MethodEvent,
): Promise<void> {
  const meta = { ...newEventMeta(deps, { actor, correlationId }), causationId };
  const { sequence } = await append(deps, key, event({ requestId, generationId, durationMs, at: meta.time }), meta);
  await deps.readModel.applied(sequence);
}

function listen(deps: MethodsDeps, { key, connectionId, deliver }: MethodListener): LiveService {
  let inFlight = 0;
  return deps.live.serve(key, async (call, signal): Promise<DeviceReply> => {
    if (inFlight >= maxMethodsInFlight) return { kind: "busy" };
    inFlight += 1;
    try {
      const reply = deliver(call, signal);
      recordDelivery(deps, { key, connectionId }, call).catch(deps.onError);
      return await reply;
    } finally {
      inFlight -= 1;
    }
  });
}

/** Nobody waits for this event: the device may have its call before the journal says so. */
async function recordDelivery(
  deps: MethodsDeps,
  { key, connectionId }: Pick<MethodListener, "key" | "connectionId">,
  { requestId, generationId, correlationId, callEventId: causationId }: LiveCall,
): Promise<void> {
  const { nodeId } = deps;
  const meta = { ...newEventMeta(deps, { actor: { kind: "hub", nodeId }, correlationId }), causationId };
  const data = { requestId, generationId, connectionId, nodeId, at: meta.time };
  await append(deps, key, { type: "MethodDelivered", data }, meta);
}

type Appended = Extract<AppendResult, { appended: true }>;

/** Appends without an expected sequence: calls of one device are independent of each other, and have no order. */
async function append(deps: MethodsDeps, key: IdentityKey, event: MethodEvent, meta: EventMeta): Promise<Appended> {
  const { deviceId, moduleId } = key;
  const stream: AggregateKey = { aggregate: "method", id: deviceId, ...(moduleId === undefined ? {} : { moduleId }) };
  const result = await deps.journal.append(stream, { event, meta });
  if (!result.appended) throw new HubError("ServerError", "An unconditional append was refused", { deviceId });
  return result;
}
