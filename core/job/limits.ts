/** How long a job may run when its creator does not say, in seconds (spec/twins-methods-jobs 11: what all clients send). */
export const defaultExecutionSeconds = 3_600;

/** The longest that a job may run, in seconds. Unconfirmed: as long as jobs are kept. */
export const maxExecutionSeconds = 2_592_000;

/** How long a job is kept after its end, in milliseconds (IoT Hub docs: jobs, 30 days). */
export const jobRetentionMs = 2_592_000_000;

/** Characters that a condition may have (spec/query-language 9). */
export const maxConditionLength = 8_192;

/** Bytes of JSON that a job's twin update may have: tags and desired properties hold 40 KiB, and nulls remove more. */
export const maxUpdateBytes = 131_072;

/** Targets in one chunk, which one node takes at a time. */
export const chunkTargets = 50;

/** Targets that are asked of the query language at once. */
export const targetsPerPage = 1_000;

/** When nobody has planned a chunk for so long, in milliseconds, another node goes on with the planning. */
export const planningStallMs = 10_000;

/** Chunks whose rows go in one step when a job's time is over: some milliseconds of the views' time. */
export const forgottenAtOnce = 20;

/** Bytes of JSON that the outcomes in one event have at most, but for a single outcome. */
export const outcomeBytes = 262_144;

/** Characters that are kept of a failure's description. */
export const maxDescription = 1_024;
