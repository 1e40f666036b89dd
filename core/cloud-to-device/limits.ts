/** 64 KiB: the largest cloud-to-device message (IoT Hub docs: quotas). */
export const maxC2dBytes = 65_536;

/** Messages that may wait for one device (IoT Hub docs: quotas). Whether that counts locked ones is unconfirmed; here it does. */
export const maxPendingCommands = 50;

/** How long a message waits when its sender names no expiry, in milliseconds (IoT Hub docs: `defaultTtlAsIso8601` is PT1H). */
export const defaultTtlMs = 3_600_000;

/** The longest that a message may wait, in milliseconds: two days (IoT Hub docs: `P2D`). */
export const maxTtlMs = 172_800_000;

/** Deliveries after which a message is dead: so many abandons end it (IoT Hub docs: `maxDeliveryCount`). */
export const maxDeliveryCount = 10;

/** How long a device may keep a message without settling it, in milliseconds: one minute, fixed (spec/messaging 6.1). */
export const lockTimeoutMs = 60_000;

/** How long a feedback record waits for a reader, in milliseconds (IoT Hub docs: `feedback.ttlAsIso8601` is PT1H). */
export const feedbackTtlMs = 3_600_000;

/** How long a reader may keep a batch of feedback without settling it, in milliseconds (`feedback.lockDurationAsIso8601`). */
export const feedbackLockMs = 60_000;

/** How often a batch of feedback is given to readers (`feedback.maxDeliveryCount`). */
export const feedbackMaxDeliveryCount = 10;

/** A batch of feedback goes out with so many records, or so many milliseconds after the one before (spec/messaging 7). */
export const feedbackBatchRecords = 64;
export const feedbackBatchIntervalMs = 15_000;
