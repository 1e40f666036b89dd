import rhea, { type EventContext, type Message, type Receiver, type Sender } from "rhea";
import type { JsonObject } from "../../core/json.ts";
import type { TwinAnswer, TwinRequests } from "../device-twin/twin-requests.ts";
import type { Peer } from "./link.ts";
import { LinkRefused } from "./link-refused.ts";
import { bodyBytes } from "./message-body.ts";
import { OutgoingMessages } from "./outgoing-messages.ts";

const desiredResource = "/notifications/twin/properties/desired";
const reportedResource = "/properties/reported";

/** Requests of one link that may wait for their answer. */
const requestWindow = 16;
const maxMessagesWaiting = 256;

/** What the twin links of one identity on one connection are made of. */
export type TwinLinksOptions = { readonly requests: TwinRequests; readonly peer: Peer };

/** A link to the client, and whether it wants to hear of desired properties. */
type Channel = { readonly messages: OutgoingMessages; notified: boolean };

/**
 * The twin over AMQP: requests come on one link and are answered on another, which belongs to it by the property
 * `com.microsoft:channel-correlation-id` (spec/amqp 5, 7).
 */
export class TwinLinks {
  readonly #options: TwinLinksOptions;
  readonly #channels = new Map<string, Channel>();

  constructor(options: TwinLinksOptions) {
    this.#options = options;
  }

  /** Takes a link of either direction. `open` lets requests in; `closed` forgets the link. */
  attach(link: Sender | Receiver): { readonly open: () => void; readonly closed: () => void } {
    const channelId = channelOf(link);
    if (link.is_receiver()) {
      const receiver = link as Receiver;
      receiver.on("message", (context: EventContext) => this.#requested(receiver, channelId, context));
      return { open: () => receiver.add_credit(requestWindow), closed: () => {} };
    }
    const onOverflow = () => this.#options.peer.end(new LinkRefused("amqp:resource-limit-exceeded", tooSlow));
    const messages = new OutgoingMessages(link as Sender, { limit: maxMessagesWaiting, onOverflow });
    const channel = { messages, notified: false };
    this.#channels.set(channelId, channel);
    return {
      open: () => {},
      closed: () => {
        if (this.#channels.get(channelId) === channel) this.#channels.delete(channelId);
      },
    };
  }

  /** Tells the device of a change of its desired properties, if it asked for that. Without correlation id: no reply. */
  desiredChanged(patch: JsonObject, desiredVersion: number): void {
    const body = JSON.stringify({ ...patch, $version: desiredVersion });
    for (const { messages, notified } of this.#channels.values()) {
      if (!notified) continue;
      messages.send({
        message_annotations: { resource: desiredResource, version: rhea.types.wrap_long(desiredVersion) },
        body: dataBody(body),
      });
    }
  }

  #requested(receiver: Receiver, channelId: string, { message, delivery }: EventContext): void {
    if (message === undefined || !receiver.is_open()) return;
    delivery?.accept();
    const answer = (given: TwinAnswer): void => {
      receiver.add_credit(1);
      this.#channels.get(channelId)?.messages.send(answerOf(message, given));
    };
    const { operation, resource } = message.message_annotations ?? {};
    const payload = bodyBytes(message);
    if (operation === "GET") this.#options.requests.add({ kind: "twinGet", payload, answer });
    else if (operation === "PATCH" && (resource === undefined || resource === reportedResource)) {
      this.#options.requests.add({ kind: "twinPatchReported", payload, answer });
    } else if ((operation === "PUT" || operation === "DELETE") && resource === desiredResource) {
      const channel = this.#channels.get(channelId);
      if (channel !== undefined) channel.notified = operation === "PUT";
      answer({ status: operation === "PUT" ? 200 : 204, body: "" });
    } else answer({ status: 400, body: JSON.stringify({ errorCode: 400004, message: "The operation is not known." }) });
  }
}

const tooSlow = "The device does not take what it is sent";

/** `status` is an int, `version` a long; the type of the latter is unconfirmed (spec/amqp 7). */
function answerOf({ correlation_id: id }: Message, { status, version, body }: TwinAnswer): Message {
  return {
    ...(id === undefined ? {} : { correlation_id: id }),
    message_annotations: {
      status: rhea.types.wrap_int(status),
      ...(version === undefined ? {} : { version: rhea.types.wrap_long(version) }),
    },
    body: dataBody(body),
  };
}

const dataBody = (text: string): unknown => rhea.message.data_section(Buffer.from(text));

/** Both links of a pair name the same channel; links without a name are one pair. */
function channelOf({ properties }: Sender | Receiver): string {
  const id: unknown = properties?.["com.microsoft:channel-correlation-id"];
  return typeof id === "string" ? id : "";
}
