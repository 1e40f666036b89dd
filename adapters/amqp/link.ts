import type { Logger } from "pino";
import type { Receiver, Sender } from "rhea";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { LinkRefused } from "./link-refused.ts";
import type { TokenTable } from "./token-table.ts";

/** The connection that a link is on, as the link's owner sees it. */
export type Peer = {
  /** A uuid. */
  readonly connectionId: string;
  readonly protocol: "amqp" | "amqp-ws";
  readonly remoteAddress: string | undefined;
  /** The name by which the client called the hub (`open.hostname`), without a port. */
  readonly hostName: string | undefined;
  /** The tokens that the client has put on this connection. */
  readonly tokens: TokenTable;
  readonly log: Logger;
  /** Reads nothing more from the socket until the function that it returns is called. Calls nest. */
  pause(): () => void;
  /** Whether the socket takes no more for now: a link that has much to send waits then, whatever credit it has. */
  readonly congested: boolean;
  /** Calls `ready` once, as soon as the socket takes more; never when the connection ends first. */
  whenWritable(ready: () => void): void;
  /** Ends the connection without a word, as a broken network does, or with a close that tells the error. */
  end(error?: LinkRefused): void;
};

/**
 * A link that is open, for the connection that holds it. The owner of the link listens to rhea's own events of it
 * (`message`, `sendable`, `settled` …); how it ends it hears from here alone.
 */
export type OpenLink = {
  /**
   * Checks the right to this link against the tokens that the connection has now. Called at the attach, and again when
   * the time it returned (milliseconds since 1970) has come; a link that has no valid token by then is detached. Throws
   * HubError or LinkRefused.
   */
  authorize(): number;
  /** The link is gone: detached by either side, or with its session or connection. Called once, with why. */
  closed(reason: DisconnectReason): void;
};

/**
 * Takes a link that a client attaches: a Receiver where the client sends, a Sender where it receives. The attach is
 * answered after this returns, so `set_source`, `set_target` and the settle modes can still be set. Throws HubError or
 * LinkRefused: the attach is then answered and followed by a detach with the error (spec/amqp 5).
 */
export type Attach = (link: Sender | Receiver, address: string, peer: Peer) => OpenLink;
