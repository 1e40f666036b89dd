import { type EventOf, isOfArea } from "../event-areas.ts";
import type { HubEvent, IdentityKey, RecordedEvent } from "../events.ts";
import type { JsonObject } from "../json.ts";
import type { Feed } from "../ports.ts";
import type { DeviceConnections } from "./device-connections.ts";
import type { LiveSession, Sessions } from "./sessions.ts";

/** What the live feed acts on. `onError` hears of what could not be recorded. */
export type LiveFeedDeps = {
  readonly feed: Feed;
  readonly sessions: Sessions;
  readonly connections: DeviceConnections;
  readonly nodeId: string;
  readonly onError: (error: unknown) => void;
};

/**
 * Carries what the journal says to the connections of this node: desired properties, cloud-to-device messages, takeover
 * by another node, and the end of a connection whose identity was deleted, disabled or given other keys. Every node sees
 * the same journal, so no node has to tell another. Returns the way to stop.
 */
export function followLive(deps: LiveFeedDeps): () => void {
  // A session's own DeviceConnected passes here too. Only an event after it can have taken over.
  const seen = new WeakSet<LiveSession>();
  return deps.feed((recorded) => {
    const key = identityOf(recorded);
    const { event } = recorded;
    if (!concernsConnections(event)) return undefined;
    switch (event.type) {
      case "DeviceConnected":
        return connected(deps, seen, key, event.data);
      case "TwinUpdated":
      case "TwinConfigured":
        return tellDesired(deps.sessions, key, event.data.desired, event.data.after.desiredVersion);
      case "TwinReplaced":
        return tellDesired(deps.sessions, key, event.data.desiredChange, event.data.after.desiredVersion);
      case "CommandEnqueued":
      case "CommandAbandoned":
        return deps.sessions.get(key)?.commandReady();
      case "DeviceUpdated":
        if (event.data.fields.status === "disabled") return closeAll(deps.sessions, key.deviceId, "DeviceDisabled");
        return event.data.credentialsChanged ? deps.sessions.get(key)?.close("CredentialsChanged") : undefined;
      case "DeviceDeleted":
        return closeAll(deps.sessions, key.deviceId, "DeviceDeleted");
      case "ModuleUpdated":
        return event.data.credentialsChanged ? deps.sessions.get(key)?.close("CredentialsChanged") : undefined;
      case "ModuleDeleted":
        return deps.sessions.get(key)?.close("DeviceDeleted");
      case "DeviceCreated":
      case "ModuleCreated":
      case "DeviceDisconnected":
      case "SubscriptionsChanged":
      case "TwinReportedPatched":
      case "CommandDelivered":
      case "CommandCompleted":
      case "CommandRejected":
      case "CommandExpired":
      case "CommandDeadLettered":
      case "CommandsPurged":
        return undefined;
    }
  });
}

const areas = ["device", "module", "twin", "connection", "command"] as const;

const concernsConnections = (event: HubEvent): event is EventOf<(typeof areas)[number]> =>
  areas.some((area) => isOfArea(event, area));

const identityOf = ({ key: { id, moduleId } }: RecordedEvent): IdentityKey =>
  moduleId === undefined ? { deviceId: id } : { deviceId: id, moduleId };

type ConnectedData = { readonly generationId: string; readonly connectionId: string; readonly nodeId: string };

function connected(deps: LiveFeedDeps, seen: WeakSet<LiveSession>, key: IdentityKey, data: ConnectedData): void {
  const session = deps.sessions.get(key);
  if (session?.connectionId === data.connectionId) {
    seen.add(session);
    return;
  }
  if (session !== undefined && seen.has(session)) session.close("ConnectionForcefullyClosedOnNewConnection");
  // The connection was recorded, yet it ended before this node learnt so: nobody else will record its end.
  if (data.nodeId === deps.nodeId) deps.connections.closeLost(key, data).catch(deps.onError);
}

function tellDesired(
  sessions: Sessions,
  key: IdentityKey,
  patch: JsonObject | undefined,
  desiredVersion: number,
): void {
  if (patch !== undefined) sessions.get(key)?.desiredChanged(patch, desiredVersion);
}

function closeAll(sessions: Sessions, deviceId: string, reason: "DeviceDisabled" | "DeviceDeleted"): void {
  for (const session of sessions.ofDevice(deviceId)) session.close(reason);
}
