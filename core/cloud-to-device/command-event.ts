import type { Protocol } from "../connection/connection.ts";

/** Of which outcomes a back end wants to hear (spec/messaging 6.2): `positive` is completion, `negative` any other end. */
export const acks = ["none", "positive", "negative", "full"] as const;
export type Ack = (typeof acks)[number];

/** A cloud-to-device message as it is kept and delivered. What its sender left out is absent. */
export type CommandMessage = {
  readonly messageId: string;
  readonly correlationId?: string;
  readonly userId?: string;
  /** Where it goes, as devices see it: `/devices/<encoded id>/messages/devicebound`. */
  readonly to: string;
  readonly ack: Ack;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly expiresAt: string;
  /** Application properties. Their names are the sender's: read them with `Object.entries` alone. */
  readonly properties: Readonly<Record<string, string>>;
  /** base64. */
  readonly body: string;
};

/** Which message of which queue an event is about. Each generation of a device counts its messages from 1. */
type OfMessage = {
  readonly generationId: string;
  readonly sequenceNumber: number;
  readonly messageId: string;
  readonly at: string;
};

/** The end of a message, with all that a feedback record needs. */
type Ended = OfMessage & { readonly ack: Ack };

/**
 * Facts about the cloud-to-device messages of one device, in the stream `command` of its id. They are stored: never rename a
 * type, never retype a field. That a lock runs out is no event: it follows from `lockedUntil`.
 */
export type CommandEvent =
  | { readonly type: "CommandEnqueued"; readonly data: OfMessage & CommandMessage }
  | {
      readonly type: "CommandDelivered";
      readonly data: OfMessage & {
        /** A uuid, by which the device settles this delivery. */
        readonly lockToken: string;
        readonly lockedUntil: string;
        /** The connection that it was pushed to; null for a device that asked for it over HTTPS. */
        readonly connectionId: string | null;
        readonly protocol: Protocol;
      };
    }
  | { readonly type: "CommandCompleted"; readonly data: Ended }
  | { readonly type: "CommandAbandoned"; readonly data: OfMessage & { readonly deliveryCount: number } }
  | { readonly type: "CommandRejected"; readonly data: Ended }
  | { readonly type: "CommandExpired"; readonly data: Ended }
  | {
      readonly type: "CommandDeadLettered";
      readonly data: Ended & { readonly reason: "DeliveryCountExceeded"; readonly deliveryCount: number };
    }
  | {
      readonly type: "CommandsPurged";
      readonly data: {
        readonly generationId: string;
        readonly messages: readonly Pick<Ended, "sequenceNumber" | "messageId" | "ack">[];
        readonly at: string;
      };
    };

const commandEventTypes: ReadonlySet<string> = new Set([
  "CommandEnqueued",
  "CommandDelivered",
  "CommandCompleted",
  "CommandAbandoned",
  "CommandRejected",
  "CommandExpired",
  "CommandDeadLettered",
  "CommandsPurged",
] satisfies readonly CommandEvent["type"][]);

/** Tells the events of cloud-to-device messages from all others. */
export const isCommandEvent = (event: { readonly type: string }): event is CommandEvent =>
  commandEventTypes.has(event.type);
