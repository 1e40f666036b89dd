import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { requireDevice } from "../identity/load-identity.ts";
import type { RequestContext } from "../identity/registry.ts";
import type { JsonObject } from "../json.ts";
import type { Twins } from "../twin/twins.ts";
import { Authorship, wantedValues } from "../twin/wanted.ts";
import { parseContent } from "./content.ts";
import { createModule, type DeployDeps, inDeploymentOrder, isMissing } from "./deploy-modules.ts";
import { mergeParts } from "./merge-parts.ts";
import { membersFor, partsOf } from "./parts.ts";

/** What applying content to one device needs. */
export type ApplyDeps = DeployDeps & { readonly twins: Pick<Twins, "update" | "replace"> };

/** Content for one device: `body` is a configuration's content, as it came. */
export type ContentApplication = RequestContext & { readonly deviceId: string; readonly body: JsonObject };

/** Applies content to one device. */
export type ApplyContent = (application: ContentApplication) => Promise<void>;

/**
 * Makes the use case that writes a deployment's content once to the modules of an IoT Edge device, as the caller's own write
 * of their twins (spec/http-api 7). Content of another kind, and a device of another kind, are refused with HubError
 * `InvalidConfigurationContent`: the first was seen, the second is unconfirmed. Throws also `DeviceNotFound`,
 * `ApplyConfigurationAlreadyInProgressOnDevice` and as `Twins`.
 *
 * That two at once exclude each other holds for one node; through two nodes they mix, as any two writes do.
 */
export function createApplyContent(deps: ApplyDeps): ApplyContent {
  const inProgress = new Set<string>();
  return async ({ deviceId, body, ...context }) => {
    const device = requireDevice(deps.readModel, deviceId);
    const { kind, members } = parseContent(body);
    if (kind !== "modulesContent") throw invalid("Only modulesContent can be applied to a device");
    if (!device.fields.capabilities.iotEdge) throw invalid("The device is no IoT Edge device");
    if (inProgress.has(deviceId)) {
      const text = "Content is being applied to the device already";
      throw new HubError("ApplyConfigurationAlreadyInProgressOnDevice", text, { deviceId });
    }
    inProgress.add(deviceId);
    try {
      for (const moduleId of inDeploymentOrder(Object.keys(members))) {
        await applyToModule(deps, { deviceId, moduleId }, membersFor(members, moduleId) ?? {}, context);
      }
    } finally {
      inProgress.delete(deviceId);
    }
  };
}

async function applyToModule(
  deps: ApplyDeps,
  key: Required<IdentityKey>,
  members: JsonObject,
  context: RequestContext,
): Promise<void> {
  if (isMissing(deps, key)) await createModule(deps, key, context);
  const parts = partsOf(members);
  const { wanted } = mergeParts([{ author: { configurationId: "", digest: "" }, parts }]);
  const authorship = new Authorship();
  if (parts.some(({ path }) => path.length === 0)) {
    const desired = wantedValues(wanted, { path: [], authorship, nulls: "drop" });
    await deps.twins.replace({ ...key, ...context, desired });
  } else {
    await deps.twins.update({
      ...key,
      ...context,
      desired: wantedValues(wanted, { path: [], authorship, nulls: "keep" }),
    });
  }
}

const invalid = (text: string): HubError => new HubError("InvalidConfigurationContent", text);
