import type { Logger } from "pino";
import rhea, { type EventContext, type Message, type Receiver, type Sender, type Session } from "rhea";
import { decodedOr } from "../../core/access/audience.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { OpenLink, Peer } from "./link.ts";
import { OutgoingMessages } from "./outgoing-messages.ts";
import type { PutToken } from "./token-table.ts";

/** Token types of the SDKs (spec/amqp 4). Azure AD's `jwt` is not among them: this hub knows no issuer of those. */
const tokenTypes: ReadonlySet<string> = new Set(["servicebus.windows.net:sastoken", "azure-devices.net:sastoken"]);

const maxRepliesWaiting = 100;
const requestCredit = 100;

/** What a connection's `$cbs` node is made of. */
export type CbsOptions = {
  readonly hub: Hub;
  readonly peer: Peer;
  readonly log: Logger;
  /** A token was put: the client has proved who it is. */
  readonly onProved: () => void;
};

type Reply = { readonly code: number; readonly description: string };

/** The `$cbs` node of one connection: takes tokens, checks each, and answers over the session that it came on (spec/amqp 4). */
export class Cbs {
  readonly #options: CbsOptions;
  readonly #replies = new Map<Session, OutgoingMessages>();

  constructor(options: CbsOptions) {
    this.#options = options;
  }

  /** Takes a link to or from `$cbs`. */
  attach(link: Sender | Receiver): OpenLink {
    const { session } = link;
    const authorize = () => Number.POSITIVE_INFINITY;
    if (link.is_receiver()) {
      const receiver = link as Receiver;
      receiver.on("message", (context: EventContext) => this.#requested(receiver, context));
      receiver.add_credit(requestCredit);
      return { authorize, closed: () => {} };
    }
    const onOverflow = () => this.#options.peer.end();
    const replies = new OutgoingMessages(link as Sender, { limit: maxRepliesWaiting, onOverflow });
    this.#replies.set(session, replies);
    return {
      authorize,
      closed: () => {
        if (this.#replies.get(session) === replies) this.#replies.delete(session);
      },
    };
  }

  #requested(receiver: Receiver, { message, delivery }: EventContext): void {
    delivery?.accept();
    receiver.add_credit(1);
    if (message === undefined) return;
    const { code, description } = this.#answer(message);
    this.#replies.get(receiver.session)?.send({
      ...(message.message_id === undefined ? {} : { correlation_id: message.message_id }),
      application_properties: {
        // The Node SDK demands an int (spec/amqp 4).
        "status-code": rhea.types.wrap_int(code),
        "status-description": description,
      },
      body: null,
    });
  }

  /** Any code but 200 is an UnauthorizedError to the Node SDK; Event Hubs clients tell 401, 400 and 500 apart. */
  #answer({ application_properties: properties, body }: Message): Reply {
    const { hub, peer, log, onProved } = this.#options;
    const { operation, type, name } = properties ?? {};
    if (operation !== "put-token") return { code: 400, description: "The operation is not supported" };
    if (typeof type !== "string" || !tokenTypes.has(type)) {
      return { code: 400, description: "The type of the token is not supported" };
    }
    if (typeof name !== "string" || typeof body !== "string") {
      return { code: 400, description: "The name of the audience, or the token, is no text" };
    }
    const segments = audienceSegments(name);
    try {
      if (!peer.tokens.put(segments, proved(hub, segments, { name, token: body }))) {
        return { code: 403, description: "This connection holds as many tokens as it may" };
      }
    } catch (err) {
      if (err instanceof HubError) {
        log.warn({ err, remoteAddress: peer.remoteAddress }, "token refused");
        return { code: 401, description: err.message };
      }
      log.error({ err }, "a token could not be checked");
      return { code: 500, description: "The hub failed" };
    }
    onProved();
    return { code: 200, description: "OK" };
  }
}

/** Checks a token for its audience. Throws HubError `IotHubUnauthorizedAccess`. */
function proved(hub: Hub, segments: readonly string[], { name, token }: { name: string; token: string }): PutToken {
  const [collection, deviceId, modules, moduleId] = segments;
  if (/^sb(?::|%3a)/i.test(name)) {
    const path = segments.map(encodeURIComponent).join("/");
    return { token, validUntil: hub.eventsAccess.authorizeReader(token, path).validUntil };
  }
  if (collection?.toLowerCase() !== "devices" || deviceId === undefined) {
    return { token, validUntil: hub.serviceAccess.admit(token).validUntil };
  }
  const isModule = modules?.toLowerCase() === "modules" && moduleId !== undefined;
  const identity = isModule ? { deviceId, moduleId } : { deviceId };
  return { token, validUntil: hub.deviceAccess.authenticate({ ...identity, token }).validUntil };
}

/**
 * The path of an audience below the host's name: `sb://` and `amqps://` may stand before the host, and the whole may be
 * encoded, as the Node SDK does it, or only its ids (spec/amqp 4). The host is checked with the token's own scope.
 */
export function audienceSegments(name: string): readonly string[] {
  const text = name.includes("/") ? name : decodedOr(name);
  const [, ...segments] = text.replace(/^[a-z]+:\/\//i, "").split("/");
  return segments.filter((segment) => segment !== "").map((segment) => (text === name ? decodedOr(segment) : segment));
}
