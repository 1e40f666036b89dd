import rhea, { type EventContext, type Message, type Receiver, type Sender } from "rhea";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { DeviceReply, LiveCall } from "../../core/method/live-call.ts";
import type { MethodListener } from "../../core/method/methods.ts";
import type { LiveService } from "../../core/ports.ts";
import { PendingCalls } from "../device-method/pending-calls.ts";
import type { Peer } from "./link.ts";
import { LinkRefused } from "./link-refused.ts";
import { bodyBytes } from "./message-body.ts";
import { OutgoingMessages } from "./outgoing-messages.ts";
import { propertyText } from "./property-text.ts";

/** Answers of one link that may be on their way. */
const answerWindow = 64;
/** Calls that may wait for the device's credit, those included whose callers wait no more. */
const maxCallsWaiting = 256;

/** What the method links of one identity on one connection are made of. */
export type MethodLinksOptions = {
  readonly peer: Peer;
  /** Has the hub hand calls to this connection. */
  readonly listen: (deliver: MethodListener["deliver"]) => LiveService;
};

/**
 * Direct methods over AMQP: calls go out on the link that the device receives on, answers come on the one that it sends
 * on, with the call's correlation id (spec/amqp 5, 7). A device is online for methods while it has the first.
 */
export class MethodLinks {
  readonly #options: MethodLinksOptions;
  readonly #pending = new PendingCalls();
  /** The links to the device; the newest gets the calls. */
  #outgoing: readonly OutgoingMessages[] = [];
  #service: LiveService | undefined;

  constructor(options: MethodLinksOptions) {
    this.#options = options;
  }

  /** Takes a link of either direction. `open` lets it be used; `closed` forgets it. */
  attach(link: Sender | Receiver): { readonly open: () => void; readonly closed: () => void } {
    if (link.is_receiver()) {
      const receiver = link as Receiver;
      receiver.on("message", (context: EventContext) => this.#answered(receiver, context));
      return { open: () => receiver.add_credit(answerWindow), closed: () => {} };
    }
    const onOverflow = () => this.#options.peer.end(new LinkRefused("amqp:resource-limit-exceeded", tooSlow));
    const messages = new OutgoingMessages(link as Sender, { limit: maxCallsWaiting, onOverflow });
    let isOpen = true;
    return {
      open: () => {
        if (!isOpen) return;
        this.#outgoing = [...this.#outgoing, messages];
        this.#service ??= this.#options.listen((call, signal) => this.#deliver(call, signal));
      },
      closed: () => {
        isOpen = false;
        this.#outgoing = this.#outgoing.filter((each) => each !== messages);
        if (this.#outgoing.length === 0) this.#stop();
      },
    };
  }

  /** The identity's session is over. */
  close(reason: DisconnectReason): void {
    this.#outgoing = [];
    this.#stop();
    this.#pending.close(reason);
  }

  async #deliver(call: LiveCall, signal: AbortSignal): Promise<DeviceReply> {
    const messages = this.#outgoing.at(-1);
    if (messages === undefined) return { kind: "notOnline" };
    messages.send(callMessage(call));
    return await this.#pending.reply(call.requestId, signal);
  }

  #answered(receiver: Receiver, { message, delivery }: EventContext): void {
    if (message === undefined || !receiver.is_open()) return;
    delivery?.accept();
    receiver.add_credit(1);
    const id = idOf(message);
    if (id !== undefined) this.#pending.answer({ id, status: statusOf(message), payload: bodyBytes(message) });
  }

  #stop(): void {
    this.#service?.stop();
    this.#service = undefined;
  }
}

const tooSlow = "The device does not take the methods that it is sent";

/** The .NET SDK makes a Guid of the correlation id, so it has to be an AMQP uuid: rhea writes one for 16 bytes. */
const callMessage = ({ requestId, methodName, payload }: LiveCall): Message => ({
  correlation_id: Buffer.from(requestId.replaceAll("-", ""), "hex"),
  application_properties: { "IoThub-methodname": methodName },
  body: rhea.message.data_section(Buffer.from(JSON.stringify(payload))) as unknown,
});

/** As a uuid, or as its text: the Node SDK answers with that (spec/twins-methods-jobs 10). */
function idOf({ correlation_id: id }: Message): string | undefined {
  return typeof id === "string" || Buffer.isBuffer(id) ? propertyText(id, "correlation-id").toLowerCase() : undefined;
}

/** An int (spec/amqp 7); rhea gives numbers of every type alike. */
function statusOf({ application_properties: properties }: Message): number | undefined {
  const status: unknown = properties?.["IoThub-status"];
  return typeof status === "number" ? status : undefined;
}
