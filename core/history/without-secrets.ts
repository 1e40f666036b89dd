import { isCommandEvent } from "../cloud-to-device/command-event.ts";
import type { RecordedEvent } from "../events.ts";
import { isFileUploadEvent } from "../file-upload/file-upload.ts";
import type { Authentication } from "../identity/authentication.ts";
import { isJobEvent } from "../job/job-event.ts";

/** The event as it may be shown: a key is there or not, but its text, though sealed, is nobody's business. */
export function withoutSecrets(recorded: RecordedEvent): RecordedEvent {
  const { event } = recorded;
  if (isJobEvent(event) || isCommandEvent(event) || isFileUploadEvent(event)) return recorded;
  switch (event.type) {
    case "DeviceCreated":
    case "DeviceUpdated": {
      const fields = { ...event.data.fields, authentication: masked(event.data.fields.authentication) };
      return { ...recorded, event: { ...event, data: { ...event.data, fields } } as typeof event };
    }
    case "ModuleCreated":
    case "ModuleUpdated": {
      const fields = { ...event.data.fields, authentication: masked(event.data.fields.authentication) };
      return { ...recorded, event: { ...event, data: { ...event.data, fields } } as typeof event };
    }
    case "SharedAccessPoliciesSet": {
      const policies = event.data.policies.map((policy) => ({ ...policy, primaryKey: mask, secondaryKey: mask }));
      return { ...recorded, event: { ...event, data: { ...event.data, policies } } };
    }
    case "RegistryJobCreated": {
      const { work } = event.data;
      const sealedInput = work.type === "import" ? { sealedInput: mask } : {};
      const shown = { ...work, sealedOutput: mask, ...sealedInput };
      return { ...recorded, event: { ...event, data: { ...event.data, work: shown } } };
    }
    case "RegistryJobStarted":
    case "RegistryJobProgressed":
    case "RegistryJobCompleted":
    case "RegistryJobFailed":
    case "RegistryJobCancelled":
    case "ConsumerGroupCreated":
    case "ConsumerGroupDeleted":
    case "QueryIndexCreated":
    case "QueryIndexDeleted":
    case "ConfigurationCreated":
    case "ConfigurationUpdated":
    case "ConfigurationDeleted":
    case "ConfigurationMeasured":
    case "DeviceDeleted":
    case "ModuleDeleted":
    case "DeviceConnected":
    case "DeviceDisconnected":
    case "SubscriptionsChanged":
    case "TwinUpdated":
    case "TwinReplaced":
    case "TwinConfigured":
    case "TwinReportedPatched":
    case "MethodCalled":
    case "MethodDelivered":
    case "MethodAnswered":
    case "MethodFailed":
      return recorded;
  }
}

const mask = "(secret)";

function masked(authentication: Authentication): Authentication {
  const { primaryKey, secondaryKey } = authentication.symmetricKey;
  const symmetricKey = { primaryKey: primaryKey && mask, secondaryKey: secondaryKey && mask };
  return { ...authentication, symmetricKey };
}
