import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Receiver, Sender } from "rhea";
import type { DevicePrincipal } from "../../core/access/access.ts";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { LiveSession } from "../../core/connection/sessions.ts";
import type { ConnectionFault } from "../../core/device-to-cloud/fault.ts";
import type { IdentityKey } from "../../core/events.ts";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock, TelemetrySender } from "../../core/ports.ts";
import { TwinRequests } from "../device-twin/twin-requests.ts";
import { amqpErrorOf } from "./amqp-error.ts";
import { endOf } from "./closing.ts";
import { CommandLink } from "./command-link.ts";
import type { Peer } from "./link.ts";
import type { DeviceEndpoint } from "./link-address.ts";
import { MethodLinks } from "./method-links.ts";
import { TelemetryLink } from "./telemetry-link.ts";
import { TwinLinks } from "./twin-links.ts";

/** What a session is made of. */
export type DeviceSessionDeps = {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly log: Logger;
  readonly peer: Peer;
  /** When the connection's last bytes came, in milliseconds since 1970. */
  readonly lastActivity: () => number;
  /** The device asked for a fault of its connection. */
  readonly onFault: (fault: ConnectionFault, identity: IdentityKey) => void;
  /** The session is over; called once. */
  readonly onEnded: (session: DeviceSession) => void;
};

/** What the first link of an identity brings along. */
export type DeviceSessionStart = {
  readonly principal: DevicePrincipal;
  readonly modelId?: string;
  readonly clientType?: string;
};

/**
 * A device or module on an AMQP connection, from its first link to the end of its last one. What IoT Hub takes for the
 * moment of connecting is not documented; a client that has put its token and no link yet can neither send nor receive.
 */
export class DeviceSession {
  readonly identity: IdentityKey;
  readonly #deps: DeviceSessionDeps;
  readonly #start: DeviceSessionStart;
  readonly #live: LiveSession;
  readonly #log: Logger;
  readonly #links = new Set<Sender | Receiver>();
  readonly #twin: TwinLinks;
  readonly #methods: MethodLinks;
  readonly #commands = new Set<CommandLink>();
  readonly #sender: TelemetrySender;
  /** Links of messages that are gone, and wait for their settlements to be recorded. */
  readonly #closing = new Set<Promise<void>>();
  #waiting: (() => void)[] = [];
  #connected = false;
  #ended = false;
  /** Resolves to whether the hub has recorded the connection, and so has an end to record. */
  readonly #recorded: Promise<boolean>;
  #told: Promise<void> = Promise.resolve();

  constructor(start: DeviceSessionStart, deps: DeviceSessionDeps) {
    const { hub, clock, log, peer } = deps;
    const { principal, modelId } = start;
    const { deviceId, moduleId } = principal;
    this.identity = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
    this.#deps = deps;
    this.#start = start;
    const connectionId = randomUUID();
    this.#log = log.child({ ...this.identity, connectionId });
    this.#live = {
      connectionId,
      key: this.identity,
      close: (reason) => this.end(reason),
      desiredChanged: (patch, desiredVersion) => this.#twin.desiredChanged(patch, desiredVersion),
      commandReady: () => {
        for (const link of this.#commands) link.run();
      },
    };
    const requests = new TwinRequests({ twins: hub.twins, clock, log: this.#log, key: this.identity, connectionId });
    this.#twin = new TwinLinks({ requests, peer });
    const listener = { key: this.identity, connectionId };
    this.#methods = new MethodLinks({ peer, listen: (deliver) => hub.methods.listen({ ...listener, deliver }) });
    const onFault = (fault: ConnectionFault) => deps.onFault(fault, this.identity);
    const model = modelId === undefined ? {} : { modelId };
    this.#sender = hub.telemetry.open({ principal, connectionId, onFault, ...model });
    this.#recorded = this.#connect();
  }

  /** Takes a link of this identity. Returns what to call when it is gone. */
  attach(link: Sender | Receiver, endpoint: DeviceEndpoint): (reason: DisconnectReason) => void {
    this.#links.add(link);
    const closed = this.#take(link, endpoint);
    return (reason) => {
      closed();
      this.#links.delete(link);
      if (this.#links.size === 0) this.end(reason);
    };
  }

  /** Ends the session: its links are detached with the reason. Only the first call counts. */
  end(reason: DisconnectReason, cause?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const error = cause === undefined ? endOf(reason) : amqpErrorOf(cause);
    for (const link of this.#links) link.close(error);
    this.#methods.close(reason);
    this.#deps.onEnded(this);
    this.#told = this.#tell(reason);
  }

  /** Does what time has made due. */
  sweep(now: number): void {
    for (const link of this.#commands) link.sweep(now);
  }

  /** Resolves when the hub knows of the end, and of what the device settled before; never rejects. */
  async settled(): Promise<void> {
    await this.#told;
    await Promise.all(this.#closing);
  }

  #take(link: Sender | Receiver, endpoint: DeviceEndpoint): () => void {
    const { hub, peer } = this.#deps;
    switch (endpoint) {
      case "telemetry": {
        const options = { telemetry: hub.telemetry, sender: this.#sender, peer, log: this.#log };
        const telemetry = new TelemetryLink(link as Receiver, options);
        this.#whenConnected(() => telemetry.open());
        return () => {};
      }
      case "twin": {
        const { open, closed } = this.#twin.attach(link);
        this.#whenConnected(open);
        return closed;
      }
      case "methods": {
        const { open, closed } = this.#methods.attach(link);
        this.#whenConnected(open);
        return closed;
      }
      case "commands":
        return this.#takeCommands(link as Sender);
      case "inputs":
        return () => {};
    }
  }

  /** A module may have such a link, but no messages come for it (spec/messaging 6.1). */
  #takeCommands(sender: Sender): () => void {
    const { hub, peer, clock } = this.#deps;
    const { deviceId, moduleId } = this.identity;
    if (moduleId !== undefined) return () => {};
    const { connectionId } = this.#live;
    const { commands } = hub;
    const { protocol } = peer;
    const link = new CommandLink(sender, { commands, clock, log: this.#log, deviceId, connectionId, protocol, peer });
    this.#commands.add(link);
    this.#whenConnected(() => link.open());
    return () => {
      this.#commands.delete(link);
      const closed = link.close().finally(() => this.#closing.delete(closed));
      this.#closing.add(closed);
    };
  }

  /** A link may be used once the journal holds the connection: until then it has no credit. */
  #whenConnected(open: () => void): void {
    if (this.#connected) open();
    else this.#waiting.push(open);
  }

  async #connect(): Promise<boolean> {
    const { hub, peer } = this.#deps;
    const { protocol } = peer;
    // Nothing of an AMQP link survives it, and a device that has changed its protocol left its subscriptions behind.
    const request = { ...this.#start, protocol, cleanSession: true, session: this.#live };
    try {
      await hub.connections.connect(request);
    } catch (error) {
      this.#log.warn({ err: error }, "connect refused");
      this.end("ServerError", error);
      return false;
    }
    this.#connected = true;
    if (!this.#ended) for (const open of this.#waiting) open();
    this.#waiting = [];
    this.#log.debug("device connected");
    return true;
  }

  async #tell(reason: DisconnectReason): Promise<void> {
    if (!(await this.#recorded)) return;
    this.#log.debug({ reason }, "device disconnected");
    await this.#deps.hub.connections.disconnect(this.#live, reason, this.#deps.lastActivity());
  }
}
