import type { Logger } from "pino";
import type { DevicePrincipal } from "../../core/access/access.ts";
import type { DisconnectReason, Subscription } from "../../core/connection/connection.ts";
import type { Connected } from "../../core/connection/device-connections.ts";
import type { LiveSession } from "../../core/connection/sessions.ts";
import type { ConnectionFault } from "../../core/device-to-cloud/fault.ts";
import type { Hub } from "../../core/hub/hub.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Clock, TelemetrySender } from "../../core/ports.ts";
import { type TwinAnswer, TwinRequests } from "../device-twin/twin-requests.ts";
import { CommandDeliveries } from "./commands.ts";
import type { ConnectDetails } from "./connect.ts";
import { type ControlPacket, decodeControlPacket, pingresp, publish, suback, unsuback } from "./control-packets.ts";
import type { FrameReader } from "./frame-reader.ts";
import type { MqttLimits } from "./limits.ts";
import { MethodCalls } from "./method-calls.ts";
import { PacketIds } from "./packet-ids.ts";
import { type PublishedTwinRequest, Publisher } from "./publish.ts";
import { grantedQos, Subscriptions } from "./subscriptions.ts";
import { desiredChanges, twinResponses } from "./topic-filters.ts";
import { desiredChangedTopic, reportedPatchedTopic, twinResponseTopic } from "./topics.ts";
import { hold, type Transport } from "./transport.ts";
import { willIsSent } from "./will.ts";

export type SessionDeps = {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: MqttLimits;
  readonly transport: Transport;
  readonly details: ConnectDetails;
  readonly protocol: "mqtt" | "mqtt-ws";
  readonly principal: DevicePrincipal;
  readonly live: LiveSession;
  readonly connected: Connected;
  /** Ends the connection. */
  readonly end: (reason: DisconnectReason) => void;
  /** The device asked for a fault of its connection. */
  readonly onFault: (fault: ConnectionFault) => void;
};

/** A device or module whose CONNECT was accepted, until its connection ends. */
export class Session {
  readonly #deps: SessionDeps;
  readonly #sender: TelemetrySender;
  readonly #publisher: Publisher;
  readonly #subscriptions: Subscriptions;
  readonly #twinRequests: TwinRequests;
  readonly #methodCalls: MethodCalls;
  readonly #commands: CommandDeliveries;
  readonly #packetIds = new PacketIds();
  #twinRequestsWaiting = 0;

  constructor(deps: SessionDeps) {
    const { hub, clock, log, transport, details, principal, live, connected, onFault } = deps;
    const { identity, modelId } = details;
    const { connectionId } = live;
    this.#deps = deps;
    const model = modelId === undefined ? {} : { modelId };
    this.#sender = hub.telemetry.open({ principal, connectionId, onFault, ...model });
    this.#subscriptions = new Subscriptions(identity, connected.subscriptions);
    this.#twinRequests = new TwinRequests({ twins: hub.twins, clock, log, key: identity, connectionId });
    this.#methodCalls = this.#takeMethods();
    this.#commands = this.#takeCommands();
    this.#publisher = new Publisher({
      identity,
      sender: this.#sender,
      puback: (packetId) => transport.outbound.puback(packetId),
      twinRequest: (request) => this.#requestTwin(request),
      methodResponse: ({ requestId: id, ...answer }) => this.#methodCalls.answered({ id, ...answer }),
      onFull: () => this.#waitForTelemetry(),
      onStoreFailed: (err) => {
        log.warn({ err }, "telemetry not stored");
        deps.end("ServerError");
      },
    });
  }

  /** Takes the packet in the reader. Throws ProtocolViolation, and HubError as the hub's sender. */
  packet(reader: FrameReader): void {
    if (reader.header >> 4 === 3) this.#publisher.publish(reader);
    else this.#control(decodeControlPacket(reader));
  }

  /** Tells the device of a change of its desired properties, if it has subscribed to them (spec/mqtt 8). */
  desiredChanged(patch: JsonObject, desiredVersion: number): void {
    const payload = JSON.stringify({ ...patch, $version: desiredVersion });
    this.#publishTo(desiredChanges, desiredChangedTopic(desiredVersion), payload);
  }

  /** A cloud-to-device message has come free. */
  commandReady(): void {
    this.#commands.run();
  }

  /** Does what time has made due. */
  sweep(now: number): void {
    this.#commands.sweep(now);
  }

  /** Lets messages come. Those of a subscription that survived come at once (spec/mqtt 3). */
  #takeCommands(): CommandDeliveries {
    const { hub, clock, log, transport, details, live, limits, protocol } = this.#deps;
    const { outbound } = transport;
    const { deviceId } = details.identity;
    const deliveries = new CommandDeliveries({
      commands: hub.commands,
      clock,
      log,
      deviceId,
      connectionId: live.connectionId,
      protocol,
      qos: () => this.#subscriptions.commandsQos,
      packetIds: this.#packetIds,
      isCongested: () => outbound.waitingBytes * 4 > limits.maxOutboundBytes,
      write: (packet) => outbound.write(packet),
    });
    deliveries.run();
    return deliveries;
  }

  /** Lets methods be called. A subscription that survived counts from the first moment (spec/mqtt 9). */
  #takeMethods(): MethodCalls {
    const { hub, live, limits, transport } = this.#deps;
    const { outbound } = transport;
    const calls = new MethodCalls({
      subscriptions: () => this.#subscriptions,
      listen: (deliver) => hub.methods.listen({ key: live.key, connectionId: live.connectionId, deliver }),
      publish: (topic, payload) => {
        // Half of what may wait stays for the answers and changes that a device would be closed for not reading.
        if (outbound.waitingBytes * 2 > limits.maxOutboundBytes) return false;
        outbound.write(publish({ topic, payload, packetId: undefined }));
        return true;
      },
    });
    void calls.follow();
    return calls;
  }

  /** Sends the will, if it is due, and waits for what the device asked before its connection ended. Never rejects. */
  async finish(reason: DisconnectReason): Promise<void> {
    this.#methodCalls.close(reason);
    await Promise.all([this.#sendWill(reason), this.#twinRequests.settled(), this.#commands.stop()]);
  }

  #control(packet: ControlPacket): void {
    const { transport, end } = this.#deps;
    switch (packet.type) {
      case "puback":
        this.#packetIds.release(packet.packetId);
        this.#commands.acknowledged(packet.packetId);
        return;
      case "pingreq":
        transport.outbound.write(pingresp);
        return;
      case "disconnect":
        end("ClientDisconnected");
        return;
      case "subscribe": {
        const granted = packet.filters.map(({ qos }) => grantedQos(qos));
        this.#keep(this.#subscriptions.with(packet.filters), suback(packet.packetId, granted));
        return;
      }
      case "unsubscribe":
        this.#keep(this.#subscriptions.without(packet.filters), unsuback(packet.packetId));
        return;
    }
  }

  /**
   * Has the hub keep the subscriptions before the device hears that it has them: Node renews its token by reconnecting
   * without subscribing again (spec/mqtt 3). Packets after it wait, so that the answer to a twin request sent right
   * behind a SUBSCRIBE is not dropped.
   */
  #keep(subscriptions: readonly Subscription[], answer: Buffer): void {
    const { hub, live, log, transport, end } = this.#deps;
    transport.hold(hold.subscribing);
    const stored = hub.connections.subscribe(live, subscriptions).then(() => {
      this.#subscriptions.replace(subscriptions);
      return this.#methodCalls.follow();
    });
    stored.then(
      () => {
        transport.outbound.write(answer);
        transport.release(hold.subscribing);
        this.#commands.run();
      },
      (err: unknown) => {
        log.warn({ err }, "subscriptions not stored");
        end("ServerError");
      },
    );
  }

  #waitForTelemetry(): void {
    const { hub, transport } = this.#deps;
    transport.hold(hold.telemetry);
    hub.telemetry.whenReady(() => transport.release(hold.telemetry));
  }

  /** The answer is dropped when the device has not subscribed to answers. */
  #requestTwin({ kind, requestId, payload, finished }: PublishedTwinRequest): void {
    const { limits, transport } = this.#deps;
    this.#twinRequestsWaiting += 1;
    if (this.#twinRequestsWaiting >= limits.maxTwinRequests) transport.hold(hold.twin);
    const answer = ({ status, version, body }: TwinAnswer) => {
      const topic =
        version === undefined ? twinResponseTopic(status, requestId) : reportedPatchedTopic(requestId, version);
      this.#publishTo(twinResponses, topic, body);
      finished();
      this.#twinRequestsWaiting -= 1;
      transport.release(hold.twin);
    };
    this.#twinRequests.add({ kind, payload, answer });
  }

  /**
   * Publishes with the QoS granted to `filter`; does nothing when the device has not subscribed to it. With QoS 1 a
   * message is not sent again on this connection, as TCP either brings it or breaks, nor on a later one: a twin
   * notification is never kept for a device that is away (spec/mqtt 8).
   */
  #publishTo(filter: string, topic: string, payload: string): void {
    const qos = this.#subscriptions.qosOf(filter);
    if (qos === undefined) return;
    const packetId = qos === 0 ? undefined : this.#packetIds.take();
    if (qos === 1 && packetId === undefined) {
      this.#deps.log.warn("device acknowledges nothing");
      this.#deps.end("DeviceConnectionClosedRemotely");
      return;
    }
    this.#deps.transport.outbound.write(publish({ topic, payload, packetId }));
  }

  async #sendWill(reason: DisconnectReason): Promise<void> {
    const { details, log } = this.#deps;
    const { will } = details;
    if (will === undefined || !willIsSent(reason)) return;
    try {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#sender.send(will, (error) => (error === undefined ? resolve() : reject(error)));
      await promise;
    } catch (err) {
      log.warn({ err }, "will not stored");
    }
  }
}
