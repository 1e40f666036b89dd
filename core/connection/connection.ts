/** How a device or module talks to the hub. */
export type Protocol = "mqtt" | "mqtt-ws" | "amqp" | "amqp-ws" | "https";

/** A subscription that outlives its connection: an MQTT topic filter, or a link of another protocol. */
export type Subscription = { readonly filter: string; readonly qos: 0 | 1 };

/**
 * Facts about the connection of one device or module, in the stream `connection`. They are stored: never rename a type,
 * never retype a field.
 */
export type ConnectionEvent =
  | {
      readonly type: "DeviceConnected";
      readonly data: {
        readonly generationId: string;
        readonly connectionId: string;
        readonly nodeId: string;
        readonly protocol: Protocol;
        /** The connection method as telemetry carries it: who vouches for the device (`scope`, `type`, `issuer`). */
        readonly authMethod: string;
        /** True when earlier subscriptions end here (MQTT clean session). */
        readonly cleanSession: boolean;
        readonly modelId?: string;
        readonly clientType?: string;
        readonly at: string;
      };
    }
  | {
      readonly type: "DeviceDisconnected";
      readonly data: {
        readonly generationId: string;
        readonly connectionId: string;
        /** Why, in IoT Hub's words where it has one, such as `DeviceConnectionClosedRemotely`. */
        readonly reason: DisconnectReason;
        readonly lastActivityTime: string;
        readonly at: string;
      };
    }
  | {
      readonly type: "SubscriptionsChanged";
      readonly data: {
        readonly generationId: string;
        readonly connectionId: string;
        readonly subscriptions: readonly Subscription[];
        readonly at: string;
      };
    };

/** Why a connection ended. */
export type DisconnectReason =
  | "ClientDisconnected"
  | "DeviceConnectionClosedRemotely"
  | "ConnectionForcefullyClosedOnNewConnection"
  | "KeepAliveExceeded"
  | "TokenExpired"
  | "CredentialsChanged"
  | "DeviceDisabled"
  | "DeviceDeleted"
  | "ProtocolViolation"
  | "FaultInjected"
  | "HubStopped"
  | "HubRestarted"
  | "ServerError";

/** What is known of the connection of one device or module. */
export type ConnectionState = {
  /** The generation of the identity that all of this belongs to; empty when it never connected. */
  readonly generationId: string;
  readonly connected: boolean;
  readonly connectionId: string | null;
  readonly nodeId: string | null;
  readonly protocol: Protocol | null;
  readonly modelId: string | null;
  readonly connectionStateUpdatedTime: string | null;
  readonly lastActivityTime: string | null;
  readonly subscriptions: readonly Subscription[];
};

/** The connection of an identity that never connected. */
export const neverConnected: ConnectionState = {
  generationId: "",
  connected: false,
  connectionId: null,
  nodeId: null,
  protocol: null,
  modelId: null,
  connectionStateUpdatedTime: null,
  lastActivityTime: null,
  subscriptions: [],
};

/**
 * Applies one event. A disconnect or a subscription of a connection that a newer one replaced changes nothing, so the
 * order in which nodes notice a takeover does not matter.
 */
export function evolveConnection(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  const { data } = event;
  switch (event.type) {
    case "DeviceConnected": {
      const { generationId, connectionId, nodeId, protocol, modelId, cleanSession, at } = event.data;
      const before = state.generationId === generationId ? state : neverConnected;
      return {
        generationId,
        connected: true,
        connectionId,
        nodeId,
        protocol,
        modelId: modelId ?? before.modelId,
        connectionStateUpdatedTime: at,
        lastActivityTime: at,
        subscriptions: cleanSession ? [] : before.subscriptions,
      };
    }
    case "DeviceDisconnected": {
      if (state.connectionId !== data.connectionId || !state.connected) return state;
      const { lastActivityTime, at } = event.data;
      return { ...state, connected: false, nodeId: null, connectionStateUpdatedTime: at, lastActivityTime };
    }
    case "SubscriptionsChanged":
      if (state.connectionId !== data.connectionId) return state;
      return { ...state, subscriptions: event.data.subscriptions, lastActivityTime: event.data.at };
  }
}
