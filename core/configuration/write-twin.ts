import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { RequestContext } from "../identity/registry.ts";
import type { ConfigureTwin } from "../twin/configure.ts";
import { decideTwin } from "../twin/decide.ts";
import type { DeployToTwin } from "../twin/deploy.ts";
import { commandTwin, type TwinCommandDeps } from "../twin/twins.ts";

/** What configurations have the hub do to a twin. */
export type TwinOrder =
  | { readonly type: "ConfigureTwin"; readonly data: ConfigureTwin }
  | { readonly type: "DeployToTwin"; readonly data: DeployToTwin };

/** Whether an order would change a twin; a twin that is not there is not changed. */
export function changesTwin({ readModel, clock }: TwinCommandDeps, key: IdentityKey, order: TwinOrder): boolean {
  const twin = readModel.twin(key)?.value;
  const meta = { now: clock.isoTime(clock.now()) };
  return twin !== undefined && decideTwin({ ...order, meta }, twin).length > 0;
}

/** Carries out an order. A twin that goes meanwhile takes the order with it. Throws as `execute`. */
export async function orderTwin(
  deps: TwinCommandDeps,
  key: IdentityKey,
  order: TwinOrder,
  context: RequestContext,
): Promise<void> {
  try {
    await commandTwin(deps, key, context, ({ time }) => ({ ...order, meta: { now: time } }));
  } catch (error) {
    const isGone =
      error instanceof HubError && (error.reason === "DeviceNotFound" || error.reason === "ModuleNotFound");
    if (!isGone) throw error;
  }
}
