import type { Reason } from "../hub-error.ts";
import type { Json } from "../json.ts";

/** The most bytes of JSON text that a payload may have, in a call and in an answer (IoT Hub docs: direct methods). */
export const maxMethodPayloadBytes = 131_072;

/** Why a call came to no answer, by the error that its caller got. */
export type MethodFailure = Extract<
  Reason,
  | "DeviceNotOnline"
  | "GatewayTimeout"
  | "DeviceConnectionClosedRemotely"
  | "ConnectionForcefullyClosedOnNewConnection"
  | "DeviceMaximumInflightMethodExceeded"
  | "GenericBadGateway"
  | "ClientClosedRequest"
  | "ServiceUnavailable"
>;

/**
 * Facts about the direct methods of a device or module, in its stream `method`: each call, that it was handed to the
 * device's connection, and its one end, an answer or a failure. `requestId` is a uuid that the events of one call share;
 * `durationMs` counts from the call. A call without an end is one whose hub node was killed meanwhile. They are stored:
 * never rename a type, never retype a field.
 */
export type MethodEvent =
  | {
      readonly type: "MethodCalled";
      readonly data: {
        readonly requestId: string;
        readonly generationId: string;
        readonly methodName: string;
        readonly payload: Json;
        readonly connectTimeoutInSeconds: number;
        readonly responseTimeoutInSeconds: number;
        readonly at: string;
      };
    }
  | {
      readonly type: "MethodDelivered";
      readonly data: {
        readonly requestId: string;
        readonly generationId: string;
        readonly connectionId: string;
        readonly nodeId: string;
        readonly at: string;
      };
    }
  | {
      readonly type: "MethodAnswered";
      readonly data: {
        readonly requestId: string;
        readonly generationId: string;
        /** The device's own status; IoT Hub gives it no meaning. */
        readonly status: number;
        readonly payload: Json;
        readonly durationMs: number;
        readonly at: string;
      };
    }
  | {
      readonly type: "MethodFailed";
      readonly data: {
        readonly requestId: string;
        readonly generationId: string;
        readonly reason: MethodFailure;
        readonly durationMs: number;
        readonly at: string;
      };
    };
