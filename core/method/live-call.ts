import type { DisconnectReason } from "../connection/connection.ts";
import type { Json } from "../json.ts";

/** A method call on its way to the device. */
export type LiveCall = {
  /** A uuid. */
  readonly requestId: string;
  readonly generationId: string;
  readonly methodName: string;
  readonly payload: Json;
  /** The caller's request, for the event of the delivery. */
  readonly correlationId: string;
  /** The id of the event that says the method was called. */
  readonly callEventId: string;
};

/** What a device's connection makes of a call. */
export type DeviceReply =
  | { readonly kind: "answered"; readonly status: number; readonly payload: Json }
  /** The device did answer, but not with JSON of a size that may be. */
  | { readonly kind: "malformed" }
  /** The connection no longer takes calls, or never took those of this method: the device has seen nothing. */
  | { readonly kind: "notOnline" }
  /** The connection ended before the device answered. */
  | { readonly kind: "closed"; readonly reason: DisconnectReason }
  /** The device did not answer in time. */
  | { readonly kind: "timedOut" }
  /** Too many calls, or too much for the device to read, wait already. */
  | { readonly kind: "busy" };

/** What came of a call. */
export type LiveOutcome =
  | DeviceReply
  /** Its caller was gone before the device came. */
  | { readonly kind: "canceled" }
  /** The nodes of the hub can't reach each other. */
  | { readonly kind: "unreachable" };
