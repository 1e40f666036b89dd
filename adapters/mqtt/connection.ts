import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { LiveSession } from "../../core/connection/sessions.ts";
import type { ConnectionFault } from "../../core/device-to-cloud/fault.ts";
import { InjectedFault } from "../../core/device-to-cloud/faults.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Clock } from "../../core/ports.ts";
import type { ConnectionEvents } from "../sockets/stream-listener.ts";
import { type Admitted, admit, refusedBy } from "./admission.ts";
import { faultEnding, isGraceful } from "./closing.ts";
import { accepted, ConnectRefused } from "./connack.ts";
import type { FrameReader } from "./frame-reader.ts";
import { longestSilence } from "./keep-alive.ts";
import type { MqttLimits } from "./limits.ts";
import type { Schedule } from "./outbound.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { Session, type SessionDeps } from "./session.ts";
import { hold, Transport } from "./transport.ts";

/** How a stream came in. */
export type ConnectionInfo = { readonly protocol: "mqtt" | "mqtt-ws"; readonly remoteAddress?: string };

export type ConnectionDeps = {
  readonly hub: Hub;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits: MqttLimits;
  readonly schedule: Schedule;
} & ConnectionEvents<Connection>;

/** Changes of desired properties that may come while the hub still records the connection. */
const maxEarlyChanges = 64;

type EarlyChange = { readonly patch: JsonObject; readonly desiredVersion: number };

/** One stream from accept to close: it waits for a CONNECT, has the hub record the connection, then is a session. */
export class Connection {
  readonly #deps: ConnectionDeps;
  readonly #info: ConnectionInfo;
  readonly #transport: Transport;
  readonly #acceptedAt: number;
  readonly #earlyChanges: EarlyChange[] = [];
  #log: Logger;
  #session: Session | undefined;
  #connectCame = false;
  #validUntil = Number.POSITIVE_INFINITY;
  #longestSilenceMs = Number.POSITIVE_INFINITY;
  /** The fault that the device asked for last, and when it is due. */
  #fault: ConnectionFault | undefined;
  #faultAt = Number.POSITIVE_INFINITY;
  #endedAt: number | undefined;
  /** Resolves once the hub is told of the end. */
  #told: Promise<void> = Promise.resolve();
  /** Tells the hub of the end; there from the moment the hub is told of the beginning. */
  #tell: ((reason: DisconnectReason) => Promise<void>) | undefined;

  constructor(stream: Duplex, info: ConnectionInfo, deps: ConnectionDeps) {
    const { clock, limits, schedule } = deps;
    this.#deps = deps;
    this.#info = info;
    this.#log = deps.log;
    this.#acceptedAt = clock.now();
    const events = {
      packet: (reader: FrameReader) => this.#packet(reader),
      failed: (error: unknown) => this.#failed(error),
      lost: () => this.end("DeviceConnectionClosedRemotely"),
      closed: () => void this.#closed(),
    };
    const onOverflow = () => {
      this.#warn({}, "device does not read what it is sent");
      this.end("DeviceConnectionClosedRemotely");
    };
    const maxBytes = limits.maxOutboundBytes;
    this.#transport = new Transport(stream, events, { clock, schedule, maxBytes, onOverflow });
  }

  /**
   * Ends what time has ended: the wait for a CONNECT, the token, the delay of a fault, the silence of the device, the
   * wait for its close.
   */
  sweep(now: number): void {
    const { connectDeadlineMs, lingerMs } = this.#deps.limits;
    if (this.#endedAt !== undefined) {
      if (now - this.#endedAt >= lingerMs) this.#transport.destroy();
    } else if (!this.#connectCame) {
      if (now - this.#acceptedAt >= connectDeadlineMs) this.#failed(new ProtocolViolation("no CONNECT in time"));
    } else if (now >= this.#validUntil) {
      this.end("TokenExpired");
    } else if (now >= this.#faultAt) {
      this.#sufferFault();
    } else if (!this.#transport.held && now - this.#transport.lastActivity > this.#longestSilenceMs) {
      this.end("KeepAliveExceeded");
    } else {
      this.#session?.sweep(now);
    }
  }

  /** Ends the connection. Only the first call counts. */
  end(reason: DisconnectReason): void {
    if (this.#endedAt !== undefined) return;
    this.#endedAt = this.#deps.clock.now();
    this.#told = this.#tell?.(reason) ?? this.#told;
    if (isGraceful(reason)) this.#transport.end();
    else this.#transport.destroy();
  }

  /** Ends the connection because the hub stops; resolves when the hub is told and the stream destroyed. */
  async stop(): Promise<void> {
    this.end("HubStopped");
    await this.#told;
    this.#transport.destroy();
  }

  #packet(reader: FrameReader): void {
    if (this.#session !== undefined) {
      this.#session.packet(reader);
      return;
    }
    this.#connectCame = true;
    reader.expectsConnect = false;
    // Packets that come before the CONNACK wait: they are nobody's until the hub holds the connection.
    this.#transport.hold(hold.connecting);
    this.#connect(admit(reader, this.#deps.hub));
  }

  #connect({ details, principal }: Admitted): void {
    const { hub, log } = this.#deps;
    const { protocol } = this.#info;
    const { identity, cleanSession, modelId, clientType } = details;
    const live: LiveSession = {
      connectionId: randomUUID(),
      key: identity,
      close: (reason) => this.end(reason),
      desiredChanged: (patch, desiredVersion) => this.#desiredChanged({ patch, desiredVersion }),
      // A session that is yet to open looks for itself.
      commandReady: () => this.#session?.commandReady(),
    };
    this.#log = log.child({ ...identity, connectionId: live.connectionId, protocol });
    const texts = {
      ...(modelId === undefined ? {} : { modelId }),
      ...(clientType === undefined ? {} : { clientType }),
    };
    const connecting = hub.connections.connect({ principal, protocol, cleanSession, session: live, ...texts });

    // A connection that the hub did not record has no end to record either.
    const recorded = connecting.then(
      (connected) => {
        if (this.#endedAt === undefined) this.#open({ details, principal, live, connected });
        return true;
      },
      (error: unknown) => {
        this.#failed(refusedBy(error));
        return false;
      },
    );
    this.#tell = async (reason) => {
      if (!(await recorded)) return;
      this.#log.debug({ reason }, "device disconnected");
      const disconnect = hub.connections.disconnect(live, reason, this.#transport.lastActivity);
      await Promise.all([this.#session?.finish(reason), disconnect]);
    };
  }

  #open(opened: Pick<SessionDeps, "details" | "principal" | "live" | "connected">): void {
    const { hub, clock, limits } = this.#deps;
    const transport = this.#transport;
    const end = (reason: DisconnectReason) => this.end(reason);
    const onFault = (fault: ConnectionFault) => {
      this.#fault = fault;
      this.#faultAt = clock.now() + fault.delayMs;
    };
    const { protocol } = this.#info;
    const log = this.#log;
    const session = new Session({ ...opened, hub, clock, log, limits, transport, protocol, end, onFault });
    this.#session = session;
    this.#validUntil = opened.principal.validUntil;
    this.#longestSilenceMs = longestSilence(opened.details.keepAliveSeconds);
    this.#deps.onHalfOpenOver();
    this.#log.debug("device connected");
    transport.outbound.write(accepted(opened.connected.sessionPresent));
    for (const { patch, desiredVersion } of this.#earlyChanges.splice(0)) session.desiredChanged(patch, desiredVersion);
    transport.release(hold.connecting);
  }

  /**
   * A change may come between the hub's note of the connection and its answer. A device whose subscriptions survived does
   * not ask again, so the change is kept for it.
   */
  #desiredChanged(change: EarlyChange): void {
    if (this.#endedAt !== undefined) return;
    if (this.#session !== undefined) this.#session.desiredChanged(change.patch, change.desiredVersion);
    else if (this.#earlyChanges.push(change) > maxEarlyChanges) this.end("ServerError");
  }

  #sufferFault(): void {
    const ending = this.#fault && faultEnding(this.#fault.operation);
    this.#faultAt = Number.POSITIVE_INFINITY;
    if (ending === undefined) return;
    this.#warn({ fault: this.#fault?.operation }, "connection ended by fault injection");
    if (ending === "abrupt") this.#transport.destroy();
    this.end("FaultInjected");
  }

  #failed(error: unknown): void {
    if (this.#endedAt !== undefined) return;
    if (error instanceof ConnectRefused) {
      this.#warn({ err: error }, "connect refused");
      this.#transport.outbound.write(error.connack);
      this.#endedAt = this.#deps.clock.now();
      this.#transport.end();
    } else if (error instanceof ProtocolViolation || isTooLarge(error)) {
      this.#warn({ violation: error.message }, "connection closed for what the device sent");
      this.end("ProtocolViolation");
    } else if (error instanceof InjectedFault) {
      // MQTT 3.1.1 can't refuse a message: the close is the refusal (spec/mqtt 11).
      this.#warn({ reason: error.reason }, "telemetry refused by fault injection");
      this.end("FaultInjected");
    } else {
      this.#log.error({ err: error }, "connection failed");
      this.end("ServerError");
    }
  }

  #warn(fields: object, text: string): void {
    this.#log.warn({ ...fields, remoteAddress: this.#info.remoteAddress }, text);
  }

  async #closed(): Promise<void> {
    this.#deps.onHalfOpenOver();
    await this.#told;
    this.#deps.onReleased(this);
  }
}

const isTooLarge = (error: unknown): error is HubError =>
  error instanceof HubError && error.reason === "MessageTooLarge";
