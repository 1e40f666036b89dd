/** How long a job is kept, in milliseconds (spec/identity-and-security 4: history of 30 days). */
export const jobRetentionMs = 2_592_000_000;

/** Jobs that are kept at most: a list has no pages, so it needs an end. IoT Hub names none. */
export const maxKeptJobs = 1_000;

/** Characters of a container's address with its signature. */
export const maxUriLength = 2_048;

/** Characters of a blob's name (Azure docs: naming containers and blobs). */
export const maxBlobNameLength = 1_024;

/** Devices that an export reads at once: some milliseconds of the node's time. */
export const exportPage = 100;

/** Devices between two events of an export's progress, at least. */
export const exportProgressStep = 1_000;

/** Lines that an import takes in before it notes where it stands. */
export const importBatch = 1_000;

/** Devices that an import writes at once: each waits for the journal. */
export const importsAtOnce = 32;

/** Characters of one error that are logged. */
export const maxErrorLength = 512;
