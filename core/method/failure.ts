import { HubError } from "../hub-error.ts";
import type { LiveOutcome } from "./live-call.ts";
import type { MethodFailure } from "./method.ts";

/** An outcome that is no answer. */
export type FailedOutcome = Exclude<LiveOutcome, { kind: "answered" }>;

/** What its caller is told of a call that came to no answer (spec/twins-methods-jobs 10, spec/http-api 4). */
export function failureOf(outcome: FailedOutcome): MethodFailure {
  switch (outcome.kind) {
    case "notOnline":
      return "DeviceNotOnline";
    case "timedOut":
      return "GatewayTimeout";
    // Which of the two IoT Hub answers is unconfirmed; these are what their names say.
    case "closed":
      return outcome.reason === "ConnectionForcefullyClosedOnNewConnection"
        ? "ConnectionForcefullyClosedOnNewConnection"
        : "DeviceConnectionClosedRemotely";
    case "busy":
      return "DeviceMaximumInflightMethodExceeded";
    // The Node SDK makes a BadDeviceResponseError of a 502; which answers lead to it is unconfirmed.
    case "malformed":
      return "GenericBadGateway";
    case "canceled":
      return "ClientClosedRequest";
    case "unreachable":
      return "ServiceUnavailable";
  }
}

/** The texts of the first two are IoT Hub's. */
const texts: Readonly<Record<MethodFailure, string>> = {
  DeviceNotOnline: "Timed out waiting for device to connect.",
  GatewayTimeout: "Timed out waiting for the response from device.",
  DeviceConnectionClosedRemotely: "The device's connection ended before it answered.",
  ConnectionForcefullyClosedOnNewConnection: "A new connection of the device took over before it answered.",
  DeviceMaximumInflightMethodExceeded: "Too many methods of the device wait for their answer.",
  GenericBadGateway: "The device's answer is no JSON, or larger than a method's payload may be.",
  ClientClosedRequest: "The caller did not wait for the device.",
  ServiceUnavailable: "The hub could not reach the device's connection.",
};

/** The error for a failed call. */
export const failedCall = (reason: MethodFailure, deviceId: string): HubError =>
  new HubError(reason, texts[reason], { deviceId });
