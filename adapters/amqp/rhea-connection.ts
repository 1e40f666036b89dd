import type { Socket } from "node:net";
import rhea, {
  type ConnectionOptions,
  type EventContext,
  type Receiver,
  type Connection as RheaConnection,
  type Sender,
  type Session,
} from "rhea";
import type { AmqpLimits } from "./limits.ts";
import type { saslMechanisms } from "./sasl.ts";

/** Whom rhea's connection tells. */
export type RheaEvents = {
  /** The client's open. `idleTimeoutMs` is the silence that it stands, undefined for any. */
  readonly opened: (hostName: string | undefined, idleTimeoutMs: number | undefined) => void;
  readonly sessionOpened: () => void;
  /** The client ended a session, or answered its end. */
  readonly sessionClosed: (session: Session) => void;
  readonly attached: (link: Sender | Receiver) => void;
  /** The client detached a link, or answered its detach. */
  readonly detached: (link: Sender | Receiver) => void;
  /** The client closed the connection, or answered its close. */
  readonly closed: () => void;
  /** rhea takes its socket for gone. */
  readonly lost: () => void;
  readonly failed: (error: unknown) => void;
};

/** What rhea's connection is made of. */
export type RheaOptions = {
  readonly socket: Socket;
  readonly containerId: string;
  readonly limits: Pick<AmqpLimits, "maxFrameBytes" | "channelMax" | "handleMax" | "idleTimeoutMs">;
  readonly mechanisms: ReturnType<typeof saslMechanisms>;
  readonly events: RheaEvents;
};

/**
 * Makes the server's side of a connection in rhea. With ANONYMOUS among the mechanisms it also takes clients that come
 * without SASL, as the Node SDK does. Everything it may tell is heard: what nobody hears it prints, or throws.
 */
export function acceptRhea({ socket, containerId, limits, mechanisms, events }: RheaOptions): RheaConnection {
  const container = rhea.create_container({ id: containerId });
  container.sasl_server_mechanisms = mechanisms;
  const options = {
    max_frame_size: limits.maxFrameBytes,
    channel_max: limits.channelMax,
    idle_time_out: limits.idleTimeoutMs,
    reconnect: false,
    // A refused message is answered, not accepted by itself; credit is given as the hub can take messages.
    receiver_options: { autoaccept: false, credit_window: 0 },
  };
  // The types ask for what only a client's connection needs.
  const connection = container.create_connection(options as unknown as ConnectionOptions) as RheaConnection & Server;
  connection.on("connection_open", () => events.opened(connection.hostname, connection.idle_time_out));
  connection.on("session_open", ({ session }: EventContext) => {
    if (session !== undefined) (session as Session & LocalBegin).local.begin.handle_max = limits.handleMax;
    events.sessionOpened();
  });
  for (const name of ["session_close", "session_error"]) {
    connection.on(name, ({ session }: EventContext) => session && events.sessionClosed(session));
  }
  for (const name of ["receiver_open", "sender_open"]) connection.on(name, onLink(events.attached));
  for (const name of ["receiver_close", "receiver_error", "sender_close", "sender_error"]) {
    connection.on(name, onLink(events.detached));
  }
  for (const name of ["connection_close", "connection_error"]) connection.on(name, () => events.closed());
  connection.on("disconnected", () => events.lost());
  for (const name of ["error", "protocol_error"]) connection.on(name, (error: unknown) => events.failed(error));
  connection.accept(socket);
  return connection;
}

const onLink =
  (call: (link: Sender | Receiver) => void) =>
  ({ receiver, sender }: EventContext): void => {
    const link = receiver ?? sender;
    if (link !== undefined) call(link);
  };

/** What rhea's types leave out: the server's side, and what the client said in its open. */
type Server = {
  accept(socket: Socket): void;
  readonly hostname: string | undefined;
  readonly idle_time_out: number | undefined;
};
type LocalBegin = { readonly local: { readonly begin: { handle_max: number } } };
