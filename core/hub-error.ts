/**
 * Every error the hub answers with: IoT Hub's own name, six-digit code and HTTP status (IoT Hub docs: troubleshoot error
 * codes). `retryable` says whether the same request may succeed later without a change.
 */
export const errorTable = {
  GenericBadRequest: { code: 400000, http: 400, retryable: false },
  InvalidProtocolVersion: { code: 400001, http: 400, retryable: false },
  InvalidOperation: { code: 400003, http: 400, retryable: false },
  ArgumentInvalid: { code: 400004, http: 400, retryable: false },
  ArgumentNull: { code: 400005, http: 400, retryable: false },
  IotHubFormatError: { code: 400006, http: 400, retryable: false },
  BlobContainerValidationError: { code: 400008, http: 400, retryable: false },
  DeviceDefinedMultipleTimes: { code: 400011, http: 400, retryable: false },
  DeserializationError: { code: 400012, http: 400, retryable: false },
  BulkRegistryOperationFailure: { code: 400013, http: 400, retryable: false },
  DefaultStorageEndpointNotConfigured: { code: 400014, http: 400, retryable: false },
  InvalidFileUploadCorrelationId: { code: 400015, http: 400, retryable: false },
  ExpiredFileUploadCorrelationId: { code: 400016, http: 400, retryable: false },
  InvalidFileUploadCompletionStatus: { code: 400019, http: 400, retryable: false },
  InvalidStorageEndpointOrBlob: { code: 400020, http: 400, retryable: false },
  ConnectionForcefullyClosedOnNewConnection: { code: 400027, http: 400, retryable: false },
  InvalidDeviceScope: { code: 400028, http: 400, retryable: false },
  InvalidPolicyKey: { code: 400035, http: 400, retryable: false },
  BulkRegenerateDeviceKeyOperationFailure: { code: 400036, http: 400, retryable: false },
  CannotRegisterModuleToModule: { code: 400301, http: 400, retryable: false },
  InvalidConfigurationTargetCondition: { code: 400401, http: 400, retryable: false },
  InvalidConfigurationContent: { code: 400402, http: 400, retryable: false },
  CannotModifyImmutableConfigurationContent: { code: 400403, http: 400, retryable: false },
  InvalidConfigurationCustomMetricsQuery: { code: 400404, http: 400, retryable: false },
  IotHubUnauthorizedAccess: { code: 401002, http: 401, retryable: false },
  IotHubUnauthorized: { code: 401003, http: 401, retryable: false },
  SystemModuleModifyUnauthorizedAccess: { code: 401100, http: 401, retryable: false },
  IotHubQuotaExceeded: { code: 403002, http: 403, retryable: false },
  JobQuotaExceeded: { code: 403003, http: 403, retryable: true },
  DeviceModelMaxPropertiesExceeded: { code: 403100, http: 403, retryable: false },
  DeviceMaximumQueueDepthExceeded: { code: 403004, http: 403, retryable: true },
  DeviceMaximumActiveFileUploadLimitExceeded: { code: 403006, http: 403, retryable: true },
  InvalidMessageExpiryTime: { code: 403009, http: 403, retryable: false },
  DeviceMaximumInflightMethodExceeded: { code: 403800, http: 403, retryable: true },
  GenericNotFound: { code: 404000, http: 404, retryable: false },
  DeviceNotFound: { code: 404001, http: 404, retryable: false },
  JobNotFound: { code: 404002, http: 404, retryable: false },
  ModuleNotFound: { code: 404010, http: 404, retryable: false },
  DeviceNotOnline: { code: 404103, http: 404, retryable: true },
  DeviceConnectionClosedRemotely: { code: 404104, http: 404, retryable: true },
  ConfigurationNotFound: { code: 404301, http: 404, retryable: false },
  GenericMethodNotAllowed: { code: 405000, http: 405, retryable: false },
  DeviceAlreadyExists: { code: 409001, http: 409, retryable: false },
  JobAlreadyExists: { code: 409104, http: 409, retryable: false },
  ModuleAlreadyExistsOnDevice: { code: 409301, http: 409, retryable: false },
  ConfigurationAlreadyExists: { code: 409401, http: 409, retryable: false },
  ApplyConfigurationAlreadyInProgressOnDevice: { code: 409402, http: 409, retryable: true },
  PreconditionFailed: { code: 412001, http: 412, retryable: false },
  DeviceMessageLockLost: { code: 412002, http: 412, retryable: false },
  JobRunPreconditionFailed: { code: 412003, http: 412, retryable: false },
  MessageTooLarge: { code: 413001, http: 413, retryable: false },
  TooManyDevices: { code: 413002, http: 413, retryable: false },
  TooManyModulesOnDevice: { code: 413003, http: 413, retryable: false },
  ConfigurationCountLimitExceeded: { code: 413101, http: 413, retryable: false },
  GenericUnsupportedMediaType: { code: 415000, http: 415, retryable: false },
  ThrottlingException: { code: 429001, http: 429, retryable: true },
  ClientClosedRequest: { code: 499000, http: 499, retryable: true },
  ServerError: { code: 500001, http: 500, retryable: true },
  GenericBadGateway: { code: 502000, http: 502, retryable: false },
  ServiceUnavailable: { code: 503001, http: 503, retryable: true },
  GatewayTimeout: { code: 504101, http: 504, retryable: true },
} as const satisfies Record<string, { code: number; http: number; retryable: boolean }>;

/** The name of an error, as IoT Hub spells it. */
export type Reason = keyof typeof errorTable;

/** What an error is about: names and numbers only. It may be logged and sent, so it holds no secret and no payload. */
export type Detail = Readonly<Record<string, string | number>>;

/** The one error that crosses a folder. `message` is sent to the caller as it is. */
export class HubError extends Error {
  override readonly name = "HubError";
  readonly reason: Reason;
  readonly detail: Detail;

  constructor(reason: Reason, message: string, detail: Detail = {}, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.detail = detail;
  }
}
