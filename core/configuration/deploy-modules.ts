import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Registry, RequestContext } from "../identity/registry.ts";
import { isSystemModule } from "../identity/system-module.ts";
import type { ReadModel } from "../ports.ts";
import type { TwinCommandDeps } from "../twin/twins.ts";
import type { CombinedDeployment } from "./combine.ts";
import { accountModule } from "./targeted-twins.ts";
import { changesTwin, orderTwin, type TwinOrder } from "./write-twin.ts";

/** What deployments need. `onError` hears of modules that could not be created. */
export type DeployDeps = TwinCommandDeps & {
  readonly readModel: Pick<ReadModel, "module">;
  readonly registry: Pick<Registry, "putModule">;
  readonly onError: (error: unknown) => void;
};

/** An order for one module. */
export type ModuleOrder = { readonly key: Required<IdentityKey>; readonly order: TwinOrder };

/** The modules of a deployment, the agent last: at its word the device takes up the others. */
export const inDeploymentOrder = (moduleIds: readonly string[]): readonly string[] => [
  ...moduleIds.filter((moduleId) => moduleId !== accountModule),
  ...moduleIds.filter((moduleId) => moduleId === accountModule),
];

/** What is to be done about the modules of a device. The agent keeps the account, whether it gets content or not. */
export function deploymentOrders(
  deviceId: string,
  { configurations, modules }: CombinedDeployment,
): readonly ModuleOrder[] {
  const moduleIds = inDeploymentOrder([...new Set([...modules.keys(), accountModule])]);
  return moduleIds.map((moduleId) => {
    const content = modules.get(moduleId);
    const data = { ...(moduleId === accountModule && { configurations }), ...(content && { content }) };
    return { key: { deviceId, moduleId }, order: { type: "DeployToTwin", data } };
  });
}

/** Whether a device lacks any of it; one that is no IoT Edge device, or is gone, has nothing to be deployed to. */
export const isDeploymentDue = (deps: DeployDeps, deviceId: string, orders: readonly ModuleOrder[]): boolean =>
  deps.readModel.twin({ deviceId, moduleId: accountModule }) !== undefined &&
  orders.some(({ key, order }) => isMissing(deps, key) || changesTwin(deps, key, order));

/**
 * Deploys to a device, with the modules that it lacks made: IoT Hub creates the identities of a deployment's modules, whose
 * keys the device's runtime then sets. A module that can't be made is left out.
 */
export async function deployModules(
  deps: DeployDeps,
  orders: readonly ModuleOrder[],
  context: RequestContext,
): Promise<void> {
  for (const { key, order } of orders) {
    if (isMissing(deps, key)) await createModule(deps, key, context).catch(deps.onError);
    await orderTwin(deps, key, order, context);
  }
}

/** Whether a module has to be created. The system modules come and go with their device. */
export const isMissing = ({ readModel }: DeployDeps, { deviceId, moduleId }: Required<IdentityKey>): boolean =>
  !isSystemModule(moduleId) && readModel.module(deviceId, moduleId) === undefined;

/** Creates a module as the device's runtime does. Throws as `Registry`, but not when another one was quicker. */
export async function createModule(
  { registry }: Pick<DeployDeps, "registry">,
  key: Required<IdentityKey>,
  context: RequestContext,
): Promise<void> {
  try {
    await registry.putModule({ ...key, body: { managedBy: "IotEdge" }, ...context });
  } catch (error) {
    if (!(error instanceof HubError && error.reason === "ModuleAlreadyExistsOnDevice")) throw error;
  }
}
