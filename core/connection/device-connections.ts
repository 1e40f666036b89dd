import type { DevicePrincipal } from "../access/access.ts";
import type { AggregateKey, EventMeta, IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Authentication } from "../identity/authentication.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import type { ConnectionEvent, DisconnectReason, Protocol, Subscription } from "./connection.ts";
import type { LiveSession, Sessions } from "./sessions.ts";

/** What is known when a device or module has proved itself on a connection. */
export type ConnectRequest = {
  readonly principal: DevicePrincipal;
  readonly protocol: Protocol;
  readonly cleanSession: boolean;
  readonly modelId?: string;
  readonly clientType?: string;
  /** How the hub reaches the device on this connection. Its `connectionId` is a new uuid. */
  readonly session: LiveSession;
};

/** What a new connection starts with. */
export type Connected = {
  /** The subscriptions that survived from before; none after a clean session. */
  readonly subscriptions: readonly Subscription[];
  /** Whether a session survived from before, as MQTT's session-present bit tells. */
  readonly sessionPresent: boolean;
};

/** The connection use cases of devices and modules. */
export type DeviceConnections = {
  /**
   * Records the connection and takes over from an earlier one of the same identity, here or on another node. Resolves
   * once the journal holds it. Throws HubError `IotHubUnauthorizedAccess` when the identity lost its right to connect
   * since it proved itself, and `ServiceUnavailable`.
   */
  connect(request: ConnectRequest): Promise<Connected>;
  /** Records the whole set of subscriptions, if it differs from the recorded one. Resolves once the journal holds it. */
  subscribe(session: LiveSession, subscriptions: readonly Subscription[]): Promise<void>;
  /** Records the end of a connection; never throws. `lastActivity` is in milliseconds since 1970. */
  disconnect(session: LiveSession, reason: DisconnectReason, lastActivity: number): Promise<void>;
  /** Records the end of a connection of this node that turns out to be gone. Resolves once the journal holds it. */
  closeLost(
    key: IdentityKey,
    connection: { readonly generationId: string; readonly connectionId: string },
  ): Promise<void>;
  /** Records the end of connections that this node held when it was killed. Resolves to their number. */
  closeLeftovers(): Promise<number>;
};

/** What the connection use cases are built from. */
export type DeviceConnectionsDeps = {
  readonly journal: Journal;
  readonly readModel: ReadModel;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
};

/** Makes the connection use cases. */
export function createDeviceConnections(deps: DeviceConnectionsDeps): DeviceConnections {
  const { readModel, sessions } = deps;
  // A clean session's subscriptions end with its connection, so only the others are worth an event.
  const persistent = new WeakMap<LiveSession, string>();

  return {
    async connect(request) {
      const { principal, session, cleanSession } = request;
      const before = credentialsOf(readModel, session.key);
      sessions.add(session);
      try {
        const sequence = await append(deps, session, connectedEvent(deps, request));
        await readModel.applied(sequence);
        if (!sameCredentials(before, credentialsOf(readModel, session.key))) throw revoked(session.key);
      } catch (error) {
        sessions.remove(session);
        await recordEnd(deps, session, "CredentialsChanged", deps.clock.now());
        throw error;
      }
      if (cleanSession) return { subscriptions: [], sessionPresent: false };
      persistent.set(session, principal.generationId);
      const { subscriptions } = readModel.connection(session.key);
      // A session without subscriptions holds nothing to resume, so it counts as not present.
      return { subscriptions, sessionPresent: subscriptions.length > 0 };
    },

    async subscribe(session, subscriptions) {
      const generationId = persistent.get(session);
      if (generationId === undefined) return;
      if (sameSubscriptions(readModel.connection(session.key).subscriptions, subscriptions)) return;
      const { connectionId } = session;
      const data = { generationId, connectionId, subscriptions, at: timeNow(deps) };
      await readModel.applied(await append(deps, session, { type: "SubscriptionsChanged", data }));
    },

    async disconnect(session, reason, lastActivity) {
      sessions.remove(session);
      await recordEnd(deps, session, reason, lastActivity);
    },

    async closeLost(key, { generationId, connectionId }) {
      const at = timeNow(deps);
      const data = { generationId, connectionId, reason: "ServerError", lastActivityTime: at, at } as const;
      await append(deps, { key, connectionId }, { type: "DeviceDisconnected", data });
    },

    closeLeftovers: () => closeLeftovers(deps),
  };
}

/**
 * Records the end of a connection that the journal knows as the identity's present one. Where a newer one took over, that
 * one's own event says so already. Never throws: when the journal is out of reach, the next start of this node closes what
 * it left open.
 */
async function recordEnd(
  deps: DeviceConnectionsDeps,
  session: LiveSession,
  reason: DisconnectReason,
  lastActivity: number,
): Promise<void> {
  const { generationId, connectionId, connected } = deps.readModel.connection(session.key);
  if (connectionId !== session.connectionId || !connected) return;
  const lastActivityTime = deps.clock.isoTime(lastActivity);
  const data = { generationId, connectionId, reason, lastActivityTime, at: timeNow(deps) };
  await append(deps, session, { type: "DeviceDisconnected", data }).catch(() => {});
}

async function closeLeftovers(deps: DeviceConnectionsDeps): Promise<number> {
  const { readModel, nodeId } = deps;
  const at = timeNow(deps);
  const appends = readModel.connectionsOf(nodeId).map(({ key, connection }) => {
    const { generationId, connectionId, lastActivityTime } = connection;
    const data = { generationId, connectionId: connectionId ?? "", lastActivityTime: lastActivityTime ?? at, at };
    const event = { type: "DeviceDisconnected", data: { ...data, reason: "HubRestarted" } } as const;
    return append(deps, { key, connectionId: data.connectionId }, event);
  });
  const sequences = await Promise.all(appends);
  await readModel.applied(sequences.reduce((highest, sequence) => Math.max(highest, sequence), 0));
  return sequences.length;
}

function connectedEvent(deps: DeviceConnectionsDeps, request: ConnectRequest): ConnectionEvent {
  const { principal, protocol, cleanSession, modelId, clientType, session } = request;
  return {
    type: "DeviceConnected",
    data: {
      generationId: principal.generationId,
      connectionId: session.connectionId,
      nodeId: deps.nodeId,
      protocol,
      authMethod: principal.authMethod,
      cleanSession,
      ...(modelId === undefined ? {} : { modelId }),
      ...(clientType === undefined ? {} : { clientType }),
      at: timeNow(deps),
    },
  };
}

const timeNow = ({ clock }: DeviceConnectionsDeps): string => clock.isoTime(clock.now());

type SessionRef = Pick<LiveSession, "key" | "connectionId">;

/** Appends without an expected sequence: the journal's own order decides which of two connections is the later one. */
async function append(deps: DeviceConnectionsDeps, session: SessionRef, event: ConnectionEvent): Promise<number> {
  const { deviceId, moduleId } = session.key;
  const key: AggregateKey = { aggregate: "connection", id: deviceId, ...(moduleId === undefined ? {} : { moduleId }) };
  const meta: EventMeta = {
    id: deps.ids.uuid(),
    time: event.data.at,
    actor: isHubsDoing(event) ? { kind: "hub", nodeId: deps.nodeId } : { kind: "device", ...session.key },
    correlationId: session.connectionId,
  };
  const result = await deps.journal.append(key, { event, meta });
  if (!result.appended) throw new HubError("ServerError", "An unconditional append was refused", { deviceId });
  return result.sequence;
}

/** A device connects, subscribes and says goodbye by itself; any other end is the hub's observation or doing. */
const isHubsDoing = (event: ConnectionEvent): boolean =>
  event.type === "DeviceDisconnected" && event.data.reason !== "ClientDisconnected";

/** What an identity proved itself with: the parts of its record that a connection stands on. */
type Credentials = { readonly generationId: string; readonly authentication: Authentication } | undefined;

function credentialsOf(readModel: ReadModel, { deviceId, moduleId }: IdentityKey): Credentials {
  const device = readModel.device(deviceId)?.value;
  if (device === undefined || device.fields.status === "disabled") return undefined;
  const identity = moduleId === undefined ? device : readModel.module(deviceId, moduleId)?.value;
  return identity && { generationId: identity.generationId, authentication: identity.fields.authentication };
}

/** Sealed keys that did not change keep their sealed text, so equal texts are equal keys. */
function sameCredentials(before: Credentials, after: Credentials): boolean {
  if (before === undefined || after === undefined) return false;
  return (
    before.generationId === after.generationId &&
    before.authentication.type === after.authentication.type &&
    before.authentication.symmetricKey.primaryKey === after.authentication.symmetricKey.primaryKey &&
    before.authentication.symmetricKey.secondaryKey === after.authentication.symmetricKey.secondaryKey &&
    before.authentication.x509Thumbprint.primaryThumbprint === after.authentication.x509Thumbprint.primaryThumbprint &&
    before.authentication.x509Thumbprint.secondaryThumbprint === after.authentication.x509Thumbprint.secondaryThumbprint
  );
}

const revoked = ({ deviceId }: IdentityKey): HubError =>
  new HubError("IotHubUnauthorizedAccess", "The credentials changed while the device connected", { deviceId });

function sameSubscriptions(a: readonly Subscription[], b: readonly Subscription[]): boolean {
  const text = (list: readonly Subscription[]) =>
    list
      .map(({ filter, qos }) => `${qos}${filter}`)
      .toSorted()
      .join("\n");
  return text(a) === text(b);
}
