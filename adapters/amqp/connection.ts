import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import type { Receiver, Connection as RheaConnection, Sender, Session } from "rhea";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import { HubError } from "../../core/hub-error.ts";
import type { ConnectionEvents } from "../sockets/stream-listener.ts";
import { amqpErrorOf } from "./amqp-error.ts";
import { Attachments, type AttachmentsDeps } from "./attachments.ts";
import { type DueFault, InjectedFaults, isLinkOf, strikes } from "./faults.ts";
import { FrameGuard, FrameViolation } from "./frame-guard.ts";
import type { AmqpLimits } from "./limits.ts";
import type { Peer } from "./link.ts";
import { LinkRefused } from "./link-refused.ts";
import { LinkTable } from "./link-table.ts";
import { acceptRhea } from "./rhea-connection.ts";
import { type PlainProof, saslMechanisms } from "./sasl.ts";
import { createTokenTable } from "./token-table.ts";
import { Wire } from "./wire.ts";

/** How a stream came in. */
export type ConnectionInfo = { readonly protocol: "amqp" | "amqp-ws"; readonly remoteAddress?: string };

export type ConnectionDeps = Omit<AttachmentsDeps, "peer" | "log" | "lastActivity" | "onFault" | "onProved"> & {
  readonly log: Logger;
  readonly limits: AmqpLimits;
} & ConnectionEvents<AmqpConnection>;

type Link = Sender | Receiver;

/** How long a hub that stops waits for a client to take its last frame. */
const stopGraceMs = 1_000;

/** One stream that speaks AMQP 1.0, from accept to close. */
export class AmqpConnection {
  readonly #deps: ConnectionDeps;
  readonly #info: ConnectionInfo;
  readonly #log: Logger;
  readonly #wire: Wire;
  readonly #rhea: RheaConnection;
  readonly #peer: Peer;
  readonly #attachments: Attachments;
  readonly #links = new LinkTable();
  readonly #faults = new InjectedFaults();
  readonly #acceptedAt: number;
  #sessions = 0;
  #hostName: string | undefined;
  #proved = false;
  /** With PLAIN the connection lasts no longer than its token (spec/amqp 2). */
  #validUntil = Number.POSITIVE_INFINITY;
  #endedAt: number | undefined;
  #told: Promise<void> = Promise.resolve();

  constructor(stream: Duplex, info: ConnectionInfo, deps: ConnectionDeps) {
    const { limits, log, clock } = deps;
    this.#deps = deps;
    this.#info = info;
    this.#acceptedAt = clock.now();
    this.#peer = this.#describe();
    this.#log = this.#peer.log;
    const { congestedBytes, maxOutboundBytes } = limits;
    const events = {
      failed: (error: unknown) => this.#failed(error),
      lost: () => this.#over("DeviceConnectionClosedRemotely"),
      closed: () => void this.#closed(),
      overflow: () => {
        this.#log.warn({ remoteAddress: info.remoteAddress }, "client does not read what it is sent");
        this.#over("DeviceConnectionClosedRemotely");
        this.#wire.destroy();
      },
    };
    this.#wire = new Wire(stream, { guard: new FrameGuard(limits), events, congestedBytes, maxOutboundBytes });
    const lastActivity = () => this.#wire.lastActivity;
    this.#attachments = new Attachments({
      ...deps,
      log,
      peer: this.#peer,
      lastActivity,
      onFault: (fault, identity) => this.#faults.note({ fault, identity, at: clock.now() + fault.delayMs }),
      onProved: () => this.#prove(),
    });
    this.#rhea = this.#begin();
  }

  /** Ends what time has ended: the wait for a token, links whose token expired, the wait for the peer's close. */
  sweep(now: number): void {
    const { provingDeadlineMs, lingerMs } = this.#deps.limits;
    if (this.#endedAt !== undefined) {
      if (now - this.#endedAt >= lingerMs) this.#wire.destroy();
    } else if (!this.#proved && now - this.#acceptedAt >= provingDeadlineMs) {
      this.#end("ProtocolViolation", new LinkRefused("amqp:unauthorized-access", "No token came in time."));
    } else if (now >= this.#validUntil) {
      this.#end("TokenExpired", new LinkRefused("amqp:unauthorized-access", "The token has expired."));
    } else {
      for (const link of this.#links.expired(now)) this.#authorizeAgain(link);
      for (const due of this.#faults.take(now)) this.#suffer(due);
      this.#attachments.sweep(now);
    }
  }

  /** Ends the connection because the hub stops; resolves when the hub is told and the stream destroyed. */
  async stop(): Promise<void> {
    this.#end("HubStopped", new LinkRefused("amqp:connection:forced", "The hub is stopping."));
    await Promise.all([this.#told, Promise.race([this.#wire.finished, setTimeout(stopGraceMs)])]);
    this.#wire.destroy();
  }

  #describe(): Peer {
    const connectionId = randomUUID();
    const { protocol, remoteAddress } = this.#info;
    const hostName = () => this.#hostName;
    const wire = () => this.#wire;
    return {
      connectionId,
      protocol,
      remoteAddress,
      get hostName() {
        return hostName();
      },
      tokens: createTokenTable(this.#deps.limits.maxTokens),
      log: this.#deps.log.child({ amqpConnectionId: connectionId, protocol }),
      pause: () => wire().hold(),
      get congested() {
        return wire().congested;
      },
      whenWritable: (ready) => wire().whenWritable(ready),
      end: (error) => {
        if (error !== undefined) return this.#end("ServerError", error);
        this.#over("DeviceConnectionClosedRemotely");
        wire().destroy();
      },
    };
  }

  #begin(): RheaConnection {
    const { limits, hub, containerId } = this.#deps;
    const mechanisms = saslMechanisms({
      hub,
      onPlain: (proof) => this.#provedByPlain(proof),
      onRefused: (err) => {
        this.#log.warn({ err, remoteAddress: this.#info.remoteAddress }, "login refused");
        // After the outcome that tells the client.
        setImmediate(() => this.#end("ProtocolViolation"));
      },
    });
    const events = {
      opened: (hostName: string | undefined, idleTimeoutMs: number | undefined) =>
        this.#opened(hostName, idleTimeoutMs),
      sessionOpened: () => this.#sessionOpened(),
      sessionClosed: (session: Session) => {
        this.#sessions -= 1;
        this.#links.removeSession(session, "ClientDisconnected");
      },
      attached: (link: Link) => this.#attached(link),
      detached: (link: Link) => this.#links.remove(link, "ClientDisconnected"),
      closed: () => this.#over("ClientDisconnected"),
      lost: () => this.#over("DeviceConnectionClosedRemotely"),
      failed: (error: unknown) => this.#failed(error),
    };
    return acceptRhea({ socket: this.#wire.asSocket(), containerId, limits, mechanisms, events });
  }

  #opened(hostName: string | undefined, idleTimeoutMs: number | undefined): void {
    this.#hostName = hostName?.replace(/:\d+$/, "");
    // rhea keeps the promise of traffic with a timer at half the time that the peer names.
    if (idleTimeoutMs !== undefined && idleTimeoutMs < this.#deps.limits.minIdleTimeoutMs) {
      this.#failed(new LinkRefused("amqp:not-allowed", "The idle time-out is too short."));
    }
  }

  #sessionOpened(): void {
    this.#sessions += 1;
    const { maxUnprovedSessions } = this.#deps.limits;
    if (!this.#proved && this.#sessions > maxUnprovedSessions) this.#failed(tooMany("sessions"));
  }

  #attached(link: Link): void {
    const { maxLinks, maxUnprovedLinks } = this.#deps.limits;
    if (this.#links.size >= (this.#proved ? maxLinks : maxUnprovedLinks)) {
      this.#failed(tooMany("links"));
      return;
    }
    try {
      this.#links.add(link, this.#attachments.attach(link));
    } catch (error) {
      this.#refuse(link, error);
    }
  }

  #authorizeAgain(link: Link): void {
    try {
      this.#links.authorizeAgain(link);
    } catch (error) {
      this.#refuse(link, error);
    }
  }

  #refuse(link: Link, err: unknown): void {
    if (!(err instanceof HubError || err instanceof LinkRefused)) this.#log.error({ err }, "link failed");
    else this.#log.debug({ err }, "link refused");
    link.close(amqpErrorOf(err));
    this.#links.remove(link, "TokenExpired");
  }

  #prove(): void {
    this.#proved = true;
    this.#deps.onHalfOpenOver();
  }

  #provedByPlain({ segments, put }: PlainProof): void {
    this.#peer.tokens.put(segments, put);
    this.#validUntil = put.validUntil;
    this.#prove();
  }

  /** Lets a fault happen that a device asked for. */
  #suffer(due: DueFault): void {
    const { fault, identity } = due;
    const { operation, closeReason } = fault;
    this.#log.warn({ ...identity, fault: operation }, "fault injected");
    const error = { condition: "amqp:link:detach-forced", description: closeReason };
    if (operation === "KillTcp") {
      this.#over("FaultInjected");
      this.#wire.destroy();
    } else if (operation === "ShutDownAmqp") this.#end("FaultInjected");
    else if (operation === "KillAmqpConnection") {
      this.#end("FaultInjected", new LinkRefused("amqp:connection:forced", closeReason));
    } else if (operation === "KillAmqpSession") {
      const links = this.#links.all().filter((link) => isLinkOf(identity, link));
      for (const session of new Set(links.map((link) => link.session))) {
        session.close(error);
        this.#links.removeSession(session, "FaultInjected");
      }
    } else {
      for (const link of this.#links.all().filter((one) => strikes(due, one))) {
        link.close(error);
        this.#links.remove(link, "FaultInjected");
      }
    }
  }

  /** What came in breaks the protocol, or rhea could not deal with it. */
  #failed(error: unknown): void {
    if (this.#endedAt !== undefined) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.warn(
      { violation: reason, remoteAddress: this.#info.remoteAddress },
      "connection closed for what came in",
    );
    const known = error instanceof LinkRefused || error instanceof HubError;
    const condition = error instanceof FrameViolation ? error.condition : "amqp:decode-error";
    this.#end("ProtocolViolation", known ? error : new LinkRefused(condition, reason));
  }

  /** Ends the connection with a close that tells the error. Only the first call counts. */
  #end(reason: DisconnectReason, error?: Error): void {
    if (this.#endedAt !== undefined) return;
    this.#over(reason);
    this.#rhea.close(error === undefined ? undefined : amqpErrorOf(error));
    // rhea writes the close on the next tick; the peer's answer is awaited for as long as the limits say.
    setImmediate(() => this.#wire.end());
  }

  /** Notes the end and tells whoever holds a link. Only the first call counts. */
  #over(reason: DisconnectReason): void {
    if (this.#endedAt !== undefined) return;
    this.#endedAt = this.#deps.clock.now();
    this.#told = this.#attachments.end(reason);
    this.#links.removeAll(reason);
  }

  async #closed(): Promise<void> {
    this.#deps.onHalfOpenOver();
    // rhea ends its timers when its socket does.
    this.#wire.emit("end");
    await this.#told;
    this.#deps.onReleased(this);
  }
}

const tooMany = (what: string): LinkRefused =>
  new LinkRefused("amqp:resource-limit-exceeded", `The connection has as many ${what} as it may.`);
