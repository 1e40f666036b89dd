import common from "azure-iot-common";
import device from "azure-iot-device";
import service from "azure-iothub";

// The SDKs are CommonJS modules whose members Node can't name for an `import { … }`; this is the one place that unpacks them.
export const { errors, NoRetry, SharedAccessSignature } = common;
export const { Client, ModuleClient, Message } = device;
export const { Registry, Client: ServiceClient, JobClient } = service;
