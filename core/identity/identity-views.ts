import type { ReadModel, Secrets } from "../ports.ts";
import type { LiveDevice } from "./device.ts";
import type { LiveModule } from "./module.ts";
import { openAuthentication } from "./seal-authentication.ts";
import type { DeviceView, ModuleView } from "./views.ts";

type ViewDeps = { readonly readModel: Pick<ReadModel, "connection">; readonly secrets: Pick<Secrets, "open"> };

// Cloud-to-device messages wait in a queue that this hub does not have yet, so none are waiting.
const cloudToDeviceMessageCount = 0;

/** A device as a caller with RegistryRead sees it: keys in clear. */
export function deviceView({ readModel, secrets }: ViewDeps, device: LiveDevice): DeviceView {
  const authentication = openAuthentication(device.fields.authentication, secrets);
  const connection = readModel.connection({ deviceId: device.deviceId });
  return { device: { ...device, fields: { ...device.fields, authentication } }, connection, cloudToDeviceMessageCount };
}

/** A module as a caller with RegistryRead sees it: keys in clear. */
export function moduleView({ readModel, secrets }: ViewDeps, module: LiveModule): ModuleView {
  const { deviceId, moduleId, fields } = module;
  const authentication = openAuthentication(fields.authentication, secrets);
  const connection = readModel.connection({ deviceId, moduleId });
  return { module: { ...module, fields: { ...fields, authentication } }, connection, cloudToDeviceMessageCount };
}
