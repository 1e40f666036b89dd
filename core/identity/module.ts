import type { InitialTwin } from "../twin/twin.ts";
import type { Authentication } from "./authentication.ts";

/** What a caller sets on a module. */
export type ModuleFields = { readonly managedBy: string | null; readonly authentication: Authentication };

/**
 * Facts about a module, in the stream `identity` of its device and module id. A module belongs to one generation of its
 * device: with that generation it ends, so deleting a device needs no event for each module, and the modules of a new
 * IoT Edge device can be written before the device that makes them visible.
 */
export type ModuleEvent =
  | {
      readonly type: "ModuleCreated";
      readonly data: ModuleEventData & { readonly fields: ModuleFields; readonly twin?: InitialTwin };
    }
  | {
      readonly type: "ModuleUpdated";
      readonly data: ModuleEventData & {
        readonly fields: ModuleFields;
        readonly changed: readonly (keyof ModuleFields)[];
        readonly credentialsChanged: boolean;
      };
    }
  | { readonly type: "ModuleDeleted"; readonly data: Omit<ModuleEventData, "etag"> };

type ModuleEventData = {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly deviceGenerationId: string;
  readonly generationId: string;
  readonly etag: string;
  readonly at: string;
};

/** What the events of one module id add up to. It counts only while `deviceGenerationId` is the device's present one. */
export type ModuleState =
  | { readonly status: "absent" }
  | {
      readonly status: "live";
      readonly deviceId: string;
      readonly moduleId: string;
      readonly deviceGenerationId: string;
      readonly generationId: string;
      readonly etag: string;
      readonly fields: ModuleFields;
      readonly createdTime: string;
    };

/** A module that exists. */
export type LiveModule = Extract<ModuleState, { status: "live" }>;

/** Applies one event; never refuses. */
export function evolveModule(state: ModuleState, event: ModuleEvent): ModuleState {
  switch (event.type) {
    case "ModuleCreated": {
      const { deviceId, moduleId, deviceGenerationId, generationId, etag, fields, at } = event.data;
      return { status: "live", deviceId, moduleId, deviceGenerationId, generationId, etag, fields, createdTime: at };
    }
    case "ModuleUpdated": {
      if (state.status === "absent") return state;
      return { ...state, etag: event.data.etag, fields: event.data.fields };
    }
    case "ModuleDeleted":
      return { status: "absent" };
  }
}
