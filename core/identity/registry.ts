import type { Actor } from "../events.ts";
import type { JsonObject } from "../json.ts";
import type { DeviceView, ModuleView } from "./views.ts";

/** Who asks, for the journal. */
export type RequestContext = { readonly actor: Actor; readonly correlationId: string };

/**
 * A registry write. `body` is the parsed JSON object as the caller sent it (read-only members are ignored); `ifMatch` is
 * `*` or an etag without quotes for an update, undefined for a create.
 */
export type PutDevice = RequestContext & {
  readonly deviceId: string;
  readonly body: JsonObject;
  readonly ifMatch?: string;
};
export type PutModule = PutDevice & { readonly moduleId: string };
export type DeleteDevice = RequestContext & { readonly deviceId: string; readonly ifMatch?: string };
export type DeleteModule = DeleteDevice & { readonly moduleId: string };

/** One failure of a bulk call (spec/http-api 2.4). */
export type BulkError = {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly errorCode: number;
  readonly errorStatus: string;
  readonly operation: string;
};

export type BulkResult = {
  readonly isSuccessful: boolean;
  readonly errors: readonly BulkError[];
  readonly warnings: readonly {
    readonly deviceId: string;
    readonly warningCode: string;
    readonly warningStatus: string;
  }[];
};

/** The outcome of a key regeneration (spec/identity-and-security 1.3). */
export type RegenerateResult = {
  readonly policyKey: string;
  readonly rotatedKeys: readonly {
    readonly id: string;
    readonly moduleId?: string;
    readonly primaryKey: string;
    readonly secondaryKey: string;
  }[];
  readonly errors: readonly BulkError[];
};

/** The identity registry (spec/http-api 2, spec/identity-and-security 1). Errors are those tables' HubErrors. */
export type Registry = {
  getDevice(deviceId: string): DeviceView;
  /** `top` outside 1 to 1000 counts as 1000. */
  listDevices(top: number): readonly DeviceView[];
  putDevice(command: PutDevice): Promise<DeviceView>;
  deleteDevice(command: DeleteDevice): Promise<void>;
  getModule(deviceId: string, moduleId: string): ModuleView;
  listModules(deviceId: string): readonly ModuleView[];
  putModule(command: PutModule): Promise<ModuleView>;
  deleteModule(command: DeleteModule): Promise<void>;
  /** Up to 100 entries, each with its own `importMode`. Entries that are good are applied though others fail. */
  bulk(entries: readonly JsonObject[], context: RequestContext): Promise<BulkResult>;
  /** `policyKey` is primaryKey, secondaryKey or both. */
  regenerateKeys(
    policyKey: string,
    targets: readonly { readonly id: string; readonly moduleId?: string }[],
    context: RequestContext,
  ): Promise<RegenerateResult>;
};
