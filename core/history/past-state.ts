import { type ConnectionState, evolveConnection, neverConnected } from "../connection/connection.ts";
import { type EventOf, isOfArea } from "../event-areas.ts";
import type { HubEvent, IdentityKey, RecordedEvent } from "../events.ts";
import { type DeviceState, evolveDevice } from "../identity/device.ts";
import { evolveModule, type LiveModule, type ModuleState } from "../identity/module.ts";
import type { TwinView } from "../identity/views.ts";
import { evolveTwin, initialTwin } from "../twin/evolve.ts";
import type { InitialTwin, TwinState } from "../twin/twin.ts";

/** What the events of a device, and of the module that is asked for, come to. */
export type PastState = {
  readonly device: DeviceState;
  /** It may wait for a device of its generation, and cannot be seen until then. */
  readonly module: ModuleState;
  /** What the module's twin is to be born with. */
  readonly moduleTwin: InitialTwin;
  /** The twin of the device or module that is asked for; undefined while that is not there. */
  readonly twin: TwinState | undefined;
  readonly connection: ConnectionState;
};

/** Before the first event. */
export const noPast: PastState = {
  device: { status: "absent" },
  module: { status: "absent" },
  moduleTwin: {},
  twin: undefined,
  connection: neverConnected,
};

/** The state that a snapshot holds. */
export const pastOf = ({ device, module, twin, connection }: TwinView): PastState => ({
  device,
  module: module ?? { status: "absent" },
  moduleTwin: {},
  twin,
  connection,
});

/**
 * Applies one event as the views do: a module lives with a generation of its device, a twin with its identity, and what an
 * earlier generation left behind counts for nothing. Events of other devices and modules change nothing.
 */
export function evolvePast(
  key: IdentityKey,
  state: PastState,
  recorded: Pick<RecordedEvent, "key" | "event">,
): PastState {
  const { id, moduleId } = recorded.key;
  if (id !== key.deviceId || (moduleId !== undefined && moduleId !== key.moduleId)) return state;
  const { event } = recorded;
  if (isOfArea(event, "device") || isOfArea(event, "module")) return identityChanged(key, state, event);
  return moduleId === key.moduleId ? lived(state, event) : state;
}

function identityChanged(key: IdentityKey, state: PastState, event: EventOf<"device" | "module">): PastState {
  switch (event.type) {
    case "DeviceUpdated":
      return { ...state, device: evolveDevice(state.device, event) };
    case "DeviceCreated":
    case "DeviceDeleted":
      return settled(key, { ...state, device: evolveDevice(state.device, event) }, event);
    case "ModuleCreated": {
      const module = evolveModule(state.module, event);
      return settled(key, { ...state, module, moduleTwin: event.data.twin ?? {} }, event);
    }
    case "ModuleUpdated":
      return { ...state, module: evolveModule(state.module, event) };
    case "ModuleDeleted":
      return { ...state, module: evolveModule(state.module, event), twin: undefined, connection: neverConnected };
  }
}

/** The state after what happened to the twin itself, or to its connection. */
function lived(state: PastState, event: HubEvent): PastState {
  if (state.twin === undefined) return state;
  if (isOfArea(event, "twin")) return { ...state, twin: evolveTwin(state.twin, event) };
  if (!isOfArea(event, "connection") || event.data.generationId !== state.twin.generationId) return state;
  return { ...state, connection: evolveConnection(state.connection, event) };
}

type Turn = Extract<HubEvent, { type: "DeviceCreated" | "DeviceDeleted" | "ModuleCreated" }>;

/** The state after the birth or end of a device, or the birth of a module: the twin begins or ends with it. */
function settled(key: IdentityKey, state: PastState, turn: Turn): PastState {
  const nothing = { ...state, twin: undefined, connection: neverConnected };
  if (key.moduleId === undefined) {
    if (turn.type !== "DeviceCreated") return nothing;
    const { generationId, at, twin } = turn.data;
    return { ...nothing, twin: initialTwin({ generationId, at, initial: twin }) };
  }
  const isEnd = turn.type === "DeviceDeleted";
  if (isEnd && state.module.status === "live" && state.module.deviceGenerationId !== turn.data.generationId)
    return state;
  if (isEnd) return { ...nothing, module: { status: "absent" } };
  const module = visibleModule(state);
  if (module !== undefined) {
    const { generationId, createdTime: at } = module;
    return { ...nothing, twin: initialTwin({ generationId, at, initial: state.moduleTwin }) };
  }
  return turn.type === "DeviceCreated" ? { ...nothing, module: { status: "absent" } } : nothing;
}

/** The module, once the device of its generation is there. */
export function visibleModule({ device, module }: Pick<PastState, "device" | "module">): LiveModule | undefined {
  if (device.status === "absent" || module.status === "absent") return undefined;
  return module.deviceGenerationId === device.generationId ? module : undefined;
}
