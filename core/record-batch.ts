/**
 * Records that go to one back end together. Exactly one of `complete` and `abandon` counts, the first; neither rejects.
 * What is neither completed nor abandoned comes again when its lock has run out.
 */
export type RecordBatch<Record> = {
  /** A uuid. */
  readonly lockToken: string;
  readonly records: readonly Record[];
  /** The records are read: they never come again. Resolves once the journal's server has it, or can't be reached: then they may. */
  complete(): Promise<void>;
  /** Puts the records back for the next reader. */
  abandon(): void;
};

/** A batch whose reader may need longer than its lock. */
export type LockedBatch<Record> = RecordBatch<Record> & {
  /** Begins the lock anew. That it is not lost already is not told. */
  extend(): void;
};

/** A queue that all readers share, on whichever node they are. */
export type RecordQueue<Record> = {
  /** Waits for the next batch; undefined when `signal` ends the wait. Throws HubError `ServiceUnavailable`. */
  receive(signal: AbortSignal): Promise<RecordBatch<Record> | undefined>;
  /** What there is now, as far as a batch holds it, without a wait. Throws HubError `ServiceUnavailable`. */
  take(): Promise<RecordBatch<Record> | undefined>;
};
