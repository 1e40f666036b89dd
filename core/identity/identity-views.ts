import type { ReadModel, Secrets } from "../ports.ts";
import type { LiveDevice } from "./device.ts";
import type { LiveModule } from "./module.ts";
import { openAuthentication } from "./seal-authentication.ts";
import type { DeviceView, ModuleView } from "./views.ts";

type ViewDeps = {
  readonly readModel: Pick<ReadModel, "connection" | "commandQueue">;
  readonly secrets: Pick<Secrets, "open">;
};

/** A device as a caller with RegistryRead sees it: keys in clear. */
export function deviceView({ readModel, secrets }: ViewDeps, device: LiveDevice): DeviceView {
  const authentication = openAuthentication(device.fields.authentication, secrets);
  const connection = readModel.connection({ deviceId: device.deviceId });
  const cloudToDeviceMessageCount = readModel.commandQueue(device.deviceId)?.value.pending.length ?? 0;
  return { device: { ...device, fields: { ...device.fields, authentication } }, connection, cloudToDeviceMessageCount };
}

/** A module as a caller with RegistryRead sees it: keys in clear. */
export function moduleView({ readModel, secrets }: ViewDeps, module: LiveModule): ModuleView {
  const { deviceId, moduleId, fields } = module;
  const authentication = openAuthentication(fields.authentication, secrets);
  const connection = readModel.connection({ deviceId, moduleId });
  // Modules have no queue of their own (spec/messaging 6.1).
  return { module: { ...module, fields: { ...fields, authentication } }, connection, cloudToDeviceMessageCount: 0 };
}
