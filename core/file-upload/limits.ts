/** Uploads of one device that may be under way at once (IoT Hub docs: quotas). */
export const maxUploadsInFlight = 10;

/** How long a device may write its blob, and keep its place, in milliseconds (IoT Hub docs: `sasTtlAsIso8601` is PT1H). */
export const uploadTtlMs = 3_600_000;

/** Characters that the name of a blob may have, the device's id before it included (Azure docs: naming blobs). */
export const maxBlobNameLength = 1_024;

/** Parts between slashes that the name of a blob may have (Azure docs: naming blobs). */
export const maxBlobPathSegments = 254;

/** Uploads that came to their end and are still shown, for each device; the history has them all. */
export const keptUploads = 20;

/** Characters that are kept of a device's words on how an upload went. */
export const maxStatusDescription = 1_024;

/** How long a notification waits for a reader, in milliseconds (IoT Hub docs: `fileNotifications.ttlAsIso8601` is PT1H). */
export const notificationTtlMs = 3_600_000;

/** How long a reader may keep a notification without settling it, in milliseconds (`fileNotifications.lockDurationAsIso8601`). */
export const notificationLockMs = 60_000;

/** How often a notification is given to readers (`fileNotifications.maxDeliveryCount`: the newer of two documented defaults). */
export const notificationMaxDeliveryCount = 10;
