import { HubError, type Reason } from "../../core/hub-error.ts";
import { LinkRefused } from "./link-refused.ts";

/** An error as AMQP's frames and outcomes carry it. */
export type AmqpError = {
  readonly condition: string;
  readonly description: string;
  readonly info?: Readonly<Record<string, string | number>>;
};

/** The condition that the SDKs turn back into the error's own class (spec/amqp 11). */
const conditions: Readonly<Record<Reason, string>> = {
  GenericBadRequest: "com.microsoft:argument-error",
  InvalidProtocolVersion: "com.microsoft:argument-error",
  InvalidOperation: "amqp:not-allowed",
  ArgumentInvalid: "com.microsoft:argument-error",
  ArgumentNull: "com.microsoft:argument-error",
  IotHubFormatError: "com.microsoft:argument-error",
  BlobContainerValidationError: "com.microsoft:argument-error",
  DeviceDefinedMultipleTimes: "com.microsoft:argument-error",
  DeserializationError: "com.microsoft:argument-error",
  BulkRegistryOperationFailure: "com.microsoft:argument-error",
  DefaultStorageEndpointNotConfigured: "com.microsoft:argument-error",
  InvalidFileUploadCorrelationId: "com.microsoft:argument-error",
  ExpiredFileUploadCorrelationId: "com.microsoft:argument-error",
  InvalidFileUploadCompletionStatus: "com.microsoft:argument-error",
  InvalidStorageEndpointOrBlob: "com.microsoft:argument-error",
  ConnectionForcefullyClosedOnNewConnection: "amqp:link:stolen",
  InvalidDeviceScope: "com.microsoft:argument-error",
  InvalidPolicyKey: "com.microsoft:argument-error",
  BulkRegenerateDeviceKeyOperationFailure: "com.microsoft:argument-error",
  CannotRegisterModuleToModule: "com.microsoft:argument-error",
  InvalidConfigurationTargetCondition: "com.microsoft:argument-error",
  InvalidConfigurationContent: "com.microsoft:argument-error",
  CannotModifyImmutableConfigurationContent: "com.microsoft:argument-error",
  InvalidConfigurationCustomMetricsQuery: "com.microsoft:argument-error",
  IotHubUnauthorizedAccess: "amqp:unauthorized-access",
  IotHubUnauthorized: "amqp:unauthorized-access",
  SystemModuleModifyUnauthorizedAccess: "amqp:unauthorized-access",
  IotHubQuotaExceeded: "amqp:resource-limit-exceeded",
  JobQuotaExceeded: "amqp:resource-limit-exceeded",
  DeviceModelMaxPropertiesExceeded: "amqp:resource-limit-exceeded",
  DeviceMaximumQueueDepthExceeded: "amqp:resource-limit-exceeded",
  DeviceMaximumActiveFileUploadLimitExceeded: "amqp:resource-limit-exceeded",
  InvalidMessageExpiryTime: "com.microsoft:argument-error",
  DeviceMaximumInflightMethodExceeded: "amqp:resource-limit-exceeded",
  GenericNotFound: "amqp:not-found",
  DeviceNotFound: "amqp:not-found",
  JobNotFound: "amqp:not-found",
  ModuleNotFound: "amqp:not-found",
  DeviceNotOnline: "amqp:not-found",
  DeviceConnectionClosedRemotely: "amqp:connection:forced",
  ConfigurationNotFound: "amqp:not-found",
  GenericMethodNotAllowed: "amqp:not-allowed",
  DeviceAlreadyExists: "com.microsoft:device-already-exists",
  JobAlreadyExists: "com.microsoft:argument-error",
  ModuleAlreadyExistsOnDevice: "com.microsoft:device-already-exists",
  ConfigurationAlreadyExists: "com.microsoft:argument-error",
  ApplyConfigurationAlreadyInProgressOnDevice: "com.microsoft:argument-error",
  PreconditionFailed: "com.microsoft:precondition-failed",
  DeviceMessageLockLost: "com.microsoft:message-lock-lost",
  JobRunPreconditionFailed: "com.microsoft:precondition-failed",
  MessageTooLarge: "amqp:link:message-size-exceeded",
  TooManyDevices: "amqp:resource-limit-exceeded",
  TooManyModulesOnDevice: "amqp:resource-limit-exceeded",
  ConfigurationCountLimitExceeded: "amqp:resource-limit-exceeded",
  GenericUnsupportedMediaType: "amqp:not-implemented",
  ThrottlingException: "com.microsoft:device-container-throttled",
  ClientClosedRequest: "amqp:internal-error",
  ServerError: "amqp:internal-error",
  GenericBadGateway: "amqp:internal-error",
  ServiceUnavailable: "com.microsoft:timeout",
  GatewayTimeout: "com.microsoft:timeout",
};

/** Puts an error into its wire form. One that is no HubError is a bug: the peer learns nothing of it. */
export function amqpErrorOf(error: unknown): AmqpError {
  if (error instanceof LinkRefused) {
    const { condition, message: description, info } = error;
    return { condition, description, ...(info === undefined ? {} : { info }) };
  }
  if (error instanceof HubError) return { condition: conditions[error.reason], description: error.message };
  return { condition: "amqp:internal-error", description: "The hub failed." };
}
