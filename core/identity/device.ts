import type { InitialTwin } from "../twin/twin.ts";
import type { Authentication } from "./authentication.ts";

/** What a caller sets on a device. `deviceScope` is the hub's for an IoT Edge device and the caller's for a leaf device. */
export type DeviceFields = {
  readonly status: "enabled" | "disabled";
  readonly statusReason: string | null;
  readonly authentication: Authentication;
  readonly capabilities: { readonly iotEdge: boolean };
  readonly deviceScope: string | null;
  readonly parentScopes: readonly string[];
};

/**
 * Facts about a device, in the stream `identity` of its id. They are stored: never rename a type, never retype a field.
 * `changed` names the fields that differ from before; `credentialsChanged` is true when a live connection may have lost
 * its credential.
 */
export type DeviceEvent =
  | {
      readonly type: "DeviceCreated";
      readonly data: {
        readonly deviceId: string;
        readonly generationId: string;
        readonly etag: string;
        readonly fields: DeviceFields;
        readonly twin?: InitialTwin;
        readonly at: string;
      };
    }
  | {
      readonly type: "DeviceUpdated";
      readonly data: {
        readonly deviceId: string;
        readonly generationId: string;
        readonly etag: string;
        readonly fields: DeviceFields;
        readonly changed: readonly (keyof DeviceFields)[];
        readonly credentialsChanged: boolean;
        readonly at: string;
      };
    }
  | {
      readonly type: "DeviceDeleted";
      readonly data: { readonly deviceId: string; readonly generationId: string; readonly at: string };
    };

/** What the events of one device id add up to. */
export type DeviceState =
  | { readonly status: "absent" }
  | {
      readonly status: "live";
      readonly deviceId: string;
      readonly generationId: string;
      readonly etag: string;
      readonly fields: DeviceFields;
      /** When `fields.status` last changed after creation, or null. */
      readonly statusUpdatedTime: string | null;
      readonly createdTime: string;
    };

/** A device that exists. */
export type LiveDevice = Extract<DeviceState, { status: "live" }>;

/** Applies one event; never refuses. */
export function evolveDevice(state: DeviceState, event: DeviceEvent): DeviceState {
  switch (event.type) {
    case "DeviceCreated": {
      const { deviceId, generationId, etag, fields, at } = event.data;
      return { status: "live", deviceId, generationId, etag, fields, statusUpdatedTime: null, createdTime: at };
    }
    case "DeviceUpdated": {
      if (state.status === "absent") return state;
      const { etag, fields, changed, at } = event.data;
      const statusUpdatedTime = changed.includes("status") ? at : state.statusUpdatedTime;
      return { ...state, etag, fields, statusUpdatedTime };
    }
    case "DeviceDeleted":
      return { status: "absent" };
  }
}
