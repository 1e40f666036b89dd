import type { Hub } from "../../../../core/hub/hub.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";
import type { Scope } from "../../../support/suite-scope.ts";

/** A hub over real views, whose passes are run by hand. */
export type ConfiguredHub = {
  readonly hub: Hub;
  readonly journal: SharedJournal;
  readonly pass: () => Promise<void>;
  /** Creates a device, with a twin that holds this. */
  readonly device: (
    deviceId: string,
    twin?: { tags?: JsonObject; desired?: JsonObject },
    body?: JsonObject,
  ) => Promise<void>;
  /** Creates a configuration, or changes one that is there. */
  readonly configure: (id: string, body: JsonObject) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  readonly desired: (deviceId: string, moduleId?: string) => JsonObject;
  /** How configurations stand with a twin: their ids and statuses. */
  readonly standing: (deviceId: string, moduleId?: string) => readonly string[];
};

/** Opens one. */
export async function configuredHub(scope: Scope, journal = new SharedJournal()): Promise<ConfiguredHub> {
  const hub = await domainHub(scope, journal);
  const twin = (deviceId: string, moduleId?: string) =>
    hub.twins.get(moduleId === undefined ? { deviceId } : { deviceId, moduleId }).twin;
  const isThere = (id: string) => hub.configurations.list(100).some((each) => each.id === id);
  return {
    hub,
    journal,
    pass: () => hub.configurations.pass(new AbortController().signal),
    async device(deviceId, { tags, desired } = {}, body = {}) {
      await hub.registry.putDevice({ deviceId, body, ...owner });
      if (tags || desired) {
        await hub.twins.update({ deviceId, ...(tags && { tags }), ...(desired && { desired }), ...owner });
      }
    },
    async configure(id, body) {
      await hub.configurations.put({ id, body, ...(isThere(id) && { ifMatch: "*" }), ...owner });
    },
    remove: (id) => hub.configurations.delete({ id, ...owner }),
    desired: (deviceId, moduleId) => twin(deviceId, moduleId).desired.values,
    standing: (deviceId, moduleId) =>
      Object.entries(twin(deviceId, moduleId).configurations ?? {}).map(([id, { status }]) => `${id} ${status}`),
  };
}

/** A configuration of devices that sets one section of desired properties. */
export const setting = (desired: JsonObject, targetCondition = "*", priority = 0): JsonObject => ({
  content: { deviceContent: { "properties.desired": desired } },
  targetCondition,
  priority,
});
