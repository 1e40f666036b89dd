import type { MessageProperties } from "../../core/device-to-cloud/message.ts";
import type { IdentityKey } from "../../core/events.ts";
import { percentDecode } from "./percent-encoding.ts";
import { parsePropertyBag } from "./property-bag.ts";
import { ProtocolViolation } from "./protocol-violation.ts";

/** What a device publishes to (spec/mqtt 5). A certificate request has no one waiting for it here. */
export type PublishTopic =
  | { readonly kind: "telemetry"; readonly properties: MessageProperties }
  | { readonly kind: "twinGet"; readonly requestId: string }
  | { readonly kind: "twinPatchReported"; readonly requestId: string }
  | { readonly kind: "methodResponse"; readonly requestId: string; readonly status: number }
  | { readonly kind: "unawaited" };

/** SDKs send a GUID or a short number; what is echoed into a topic has to end somewhere. */
const maxRequestIdLength = 256;

const twinGet = "$iothub/twin/GET/";
const twinPatchReported = "$iothub/twin/PATCH/properties/reported/";
const methodResponse = /^\$iothub\/methods\/res\/(-?\d{1,10})\/(\?.*)$/s;
const certificateRequest = "$iothub/credentials/POST/issueCertificate/";

/**
 * Reads the topic of a PUBLISH from `identity`. Throws ProtocolViolation for wildcards and NUL ([MQTT-3.3.2-2],
 * [MQTT-1.5.3-2]), for another identity's topic and for any topic that is not in the table (spec/mqtt 3, 5).
 */
export function parsePublishTopic(topic: string, identity: IdentityKey): PublishTopic {
  if (/[+#\0]/.test(topic)) throw new ProtocolViolation("wildcard or NUL in a topic name");
  if (!topic.startsWith("$iothub/")) return { kind: "telemetry", properties: parseTelemetryTopic(topic, identity) };
  if (topic.startsWith(twinGet)) return { kind: "twinGet", requestId: requestIdOf(topic.slice(twinGet.length)) };
  if (topic.startsWith(twinPatchReported)) {
    return { kind: "twinPatchReported", requestId: requestIdOf(topic.slice(twinPatchReported.length)) };
  }
  const [, status, query] = methodResponse.exec(topic) ?? [];
  if (status !== undefined && query !== undefined) {
    return { kind: "methodResponse", requestId: requestIdOf(query), status: Number(status) };
  }
  if (topic.startsWith(certificateRequest)) return { kind: "unawaited" };
  throw new ProtocolViolation("unknown topic");
}

/** The message properties that a telemetry topic of `identity` carries. Throws ProtocolViolation for any other topic. */
export function parseTelemetryTopic(topic: string, identity: IdentityKey): MessageProperties {
  const bag = restAfter(topic, [...identitySegments(identity), "messages", "events"]);
  if (bag === undefined) throw new ProtocolViolation("not a telemetry topic of this identity");
  return parsePropertyBag(bag.endsWith("/") ? bag.slice(0, -1) : bag);
}

/** `devices/{d}` or `devices/{d}/modules/{m}`, as segments. */
export function identitySegments({ deviceId, moduleId }: IdentityKey): readonly string[] {
  return ["devices", deviceId, ...(moduleId === undefined ? [] : ["modules", moduleId])];
}

/**
 * What follows `segments` in `text`, without the slash between; "" when nothing does, undefined when it begins otherwise.
 * A segment may be percent-encoded: the Python SDK encodes the device id, the Node SDK does not (spec/mqtt 5).
 */
export function restAfter(text: string, segments: readonly string[]): string | undefined {
  let from = 0;
  for (const segment of segments) {
    if (from > text.length) return undefined;
    const slash = text.indexOf("/", from);
    const to = slash === -1 ? text.length : slash;
    const found = text.slice(from, to);
    if (found !== segment && percentDecode(found) !== segment) return undefined;
    from = to + 1;
  }
  return text.slice(from);
}

/** The request id in `?$rid={rid}`, as sent. `$version` beside it has no documented effect and gets none (spec/mqtt 8). */
function requestIdOf(query: string): string {
  const pair = query.startsWith("?")
    ? query
        .slice(1)
        .split("&")
        .find((text) => text.startsWith("$rid="))
    : undefined;
  const requestId = pair?.slice("$rid=".length);
  if (requestId === undefined || requestId.length > maxRequestIdLength) {
    throw new ProtocolViolation("topic without a usable request id");
  }
  return requestId;
}

/** Where the hub answers a twin request with an HTTP-like status (spec/mqtt 8). */
export const twinResponseTopic = (status: number, requestId: string): string =>
  `$iothub/twin/res/${status}/?$rid=${requestId}`;

/** Where the hub answers a stored reported patch: with the new `$version` of the reported properties. */
export const reportedPatchedTopic = (requestId: string, version: number): string =>
  `${twinResponseTopic(204, requestId)}&$version=${version}`;

/**
 * Where the hub calls a method (spec/mqtt 9). Only what a topic can't hold is percent-encoded, and the percent sign: the
 * Python SDK decodes the name, the Node SDK takes it as it is.
 */
export const methodRequestTopic = (methodName: string, requestId: string): string =>
  `$iothub/methods/POST/${methodName.replace(/[%#+]/g, encodeURIComponent)}/?$rid=${requestId}`;

/** Where the hub tells a change of the desired properties. */
export const desiredChangedTopic = (version: number): string =>
  `$iothub/twin/PATCH/properties/desired/?$version=${version}`;
