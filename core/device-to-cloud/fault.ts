import type { MessageProperties } from "./message.ts";

/**
 * Faults that break a connection, or a part of one, once. What is not a protocol's own means nothing there. The names
 * are those of the SDKs' own test suites (spec/amqp 11, spec/mqtt 11).
 */
export const connectionOperations = [
  "KillTcp",
  "KillAmqpConnection",
  "KillAmqpSession",
  "KillAmqpCBSLinkReq",
  "KillAmqpCBSLinkResp",
  "KillAmqpD2CLink",
  "KillAmqpC2DLink",
  "KillAmqpTwinLinkReq",
  "KillAmqpTwinLinkResp",
  "KillAmqpMethodReqLink",
  "KillAmqpMethodRespLink",
  "ShutDownAmqp",
  "ShutDownMqtt",
] as const;

/** A fault of one connection. */
export type ConnectionOperation = (typeof connectionOperations)[number];

/** A fault that lasts for a while and refuses what the identity sends. */
export type LastingOperation = "ThrottlingError" | "QuotaExceeded" | "AuthError";

type FaultOf<Operation> = {
  readonly operation: Operation;
  /** The device's own text, 256 characters at most; empty when it gave none. */
  readonly closeReason: string;
  /** From the message to the fault, in milliseconds: 0 to an hour. */
  readonly delayMs: number;
  /** How long a fault that lasts does so, in milliseconds: 0 to an hour. Nothing to the others. */
  readonly durationMs: number;
};

/** A fault that refuses what an identity sends until it is over. */
export type LastingFault = FaultOf<LastingOperation>;

/** A fault that breaks a connection once. */
export type ConnectionFault = FaultOf<ConnectionOperation>;

/** What a message with the properties of fault injection asks for. */
export type Fault = LastingFault | ConnectionFault;

const lastingNames: ReadonlyMap<string, LastingOperation> = new Map([
  ["ThrottlingError", "ThrottlingError"],
  ["QuotaExceeded", "QuotaExceeded"],
  ["AuthError", "AuthError"],
  // What the suites of the C, C#, Java and Node SDKs send for the same three.
  ["InvokeThrottling", "ThrottlingError"],
  ["InvokeMaxMessageQuota", "QuotaExceeded"],
  ["InvokeAuthError", "AuthError"],
]);

const connectionNames: ReadonlyMap<string, ConnectionOperation> = new Map(
  connectionOperations.map((operation) => [operation, operation]),
);

const maxReasonLength = 256;
const longestMs = 3_600_000;
// The suites always say how long; 5 s is what those of C# use. What IoT Hub does without a number is unconfirmed.
const defaultMs = 5_000;

/** The fault that the properties of a message ask for; undefined for any other message and for an unknown operation. */
export function faultOf({ application }: MessageProperties): Fault | undefined {
  const name = application.get("AzIoTHub_FaultOperationType");
  if (name === undefined) return undefined;
  const details = {
    closeReason: (application.get("AzIoTHub_FaultOperationCloseReason") ?? "").slice(0, maxReasonLength),
    delayMs: milliseconds(application.get("AzIoTHub_FaultOperationDelayInSecs")),
    durationMs: milliseconds(application.get("AzIoTHub_FaultOperationDurationInSecs")),
  };
  const lasting = lastingNames.get(name);
  if (lasting !== undefined) return { operation: lasting, ...details };
  const operation = connectionNames.get(name);
  return operation && { operation, ...details };
}

/** Whether a fault is one that lasts. */
export const isLasting = (fault: Fault): fault is LastingFault => lastingNames.has(fault.operation);

/** Whole seconds as text. Anything else counts as not said. */
function milliseconds(seconds: string | undefined): number {
  if (seconds === undefined || !/^\d{1,9}$/.test(seconds)) return defaultMs;
  return Math.min(Number(seconds) * 1_000, longestMs);
}
