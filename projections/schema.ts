import { historySchema } from "./history-tables.ts";

/**
 * The version of the views' tables. It goes up with every change of a table or of what a view writes into it: a file of
 * another version is dropped, and the journal fills a new one.
 */
export const schemaVersion = 8;

/** The views' tables by name, each with the columns of its key. The order is that of dumps. */
export const viewTables = [
  { name: "checkpoint", key: ["id"] },
  { name: "devices", key: ["deviceId"] },
  { name: "modules", key: ["deviceId", "moduleId"] },
  { name: "twins", key: ["deviceId", "moduleId"] },
  { name: "connections", key: ["deviceId", "moduleId"] },
  { name: "commandQueues", key: ["deviceId"] },
  { name: "fileUploads", key: ["deviceId"] },
  { name: "jobs", key: ["jobId"] },
  { name: "jobChunks", key: ["jobId", "chunk"] },
  { name: "jobTargets", key: ["jobId", "chunk", "deviceId", "moduleId"] },
  { name: "policies", key: ["id"] },
  { name: "consumerGroups", key: ["id"] },
  { name: "queryIndexes", key: ["id"] },
  { name: "configurations", key: ["id"] },
  { name: "registryJobs", key: ["jobId"] },
  { name: "history", key: ["deviceId", "moduleId", "sequence"] },
  { name: "correlations", key: ["segment", "entry"] },
  { name: "twinSnapshots", key: ["deviceId", "moduleId", "sequence"] },
  { name: "statistics", key: ["id"] },
] as const;

/**
 * The tables. `sequence` is the journal sequence of the last event of the row's own subject. A `moduleId` of '' stands for
 * the device itself. BLOB columns hold JSONB. Only keys that were sealed before they came into the journal are stored.
 * Rows of devices, modules and connections stay far below a quarter of a page, so they live in their key's tree; twins,
 * queues of commands and uploads don't, so theirs are rowid tables. No rowid is ever read: it depends on how events were batched.
 */
export const schema = `
CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL) STRICT;
INSERT INTO checkpoint VALUES (1, 0);

CREATE TABLE devices (
  deviceId TEXT NOT NULL PRIMARY KEY,
  generationId TEXT NOT NULL,
  etag TEXT NOT NULL,
  status TEXT NOT NULL,
  statusReason TEXT,
  statusUpdatedTime TEXT,
  createdTime TEXT NOT NULL,
  authenticationType TEXT NOT NULL,
  primaryThumbprint TEXT,
  secondaryThumbprint TEXT,
  sealedPrimaryKey TEXT,
  sealedSecondaryKey TEXT,
  iotEdge INTEGER NOT NULL,
  deviceScope TEXT,
  parentScopes BLOB NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE modules (
  deviceId TEXT NOT NULL,
  moduleId TEXT NOT NULL,
  deviceGenerationId TEXT NOT NULL,
  generationId TEXT NOT NULL,
  etag TEXT NOT NULL,
  managedBy TEXT,
  createdTime TEXT NOT NULL,
  authenticationType TEXT NOT NULL,
  primaryThumbprint TEXT,
  secondaryThumbprint TEXT,
  sealedPrimaryKey TEXT,
  sealedSecondaryKey TEXT,
  pendingTwin BLOB,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (deviceId, moduleId)
) STRICT, WITHOUT ROWID;

CREATE TABLE twins (
  deviceId TEXT NOT NULL,
  moduleId TEXT NOT NULL,
  generationId TEXT NOT NULL,
  version INTEGER NOT NULL,
  etag TEXT NOT NULL,
  tags BLOB NOT NULL,
  desired BLOB NOT NULL,
  desiredMetadata BLOB NOT NULL,
  desiredVersion INTEGER NOT NULL,
  reported BLOB NOT NULL,
  reportedMetadata BLOB NOT NULL,
  reportedVersion INTEGER NOT NULL,
  configurations BLOB,
  deployment TEXT,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (deviceId, moduleId)
) STRICT;
CREATE INDEX twinsOfModules ON twins (deviceId, moduleId) WHERE moduleId <> '';
CREATE INDEX twinsConfigured ON twins (deviceId, moduleId) WHERE configurations IS NOT NULL;

CREATE TABLE connections (
  deviceId TEXT NOT NULL,
  moduleId TEXT NOT NULL,
  generationId TEXT NOT NULL,
  connected INTEGER NOT NULL,
  connectionId TEXT,
  nodeId TEXT,
  protocol TEXT,
  modelId TEXT,
  connectionStateUpdatedTime TEXT,
  lastActivityTime TEXT,
  subscriptions BLOB NOT NULL,
  PRIMARY KEY (deviceId, moduleId)
) STRICT, WITHOUT ROWID;
CREATE INDEX connectionsByNode ON connections (nodeId) WHERE connected = 1;

CREATE TABLE commandQueues (
  deviceId TEXT NOT NULL PRIMARY KEY,
  generationId TEXT NOT NULL,
  lastSequenceNumber INTEGER NOT NULL,
  pending BLOB NOT NULL,
  dueAt TEXT,
  sequence INTEGER NOT NULL
) STRICT;
CREATE INDEX commandQueuesByDue ON commandQueues (dueAt, deviceId) WHERE dueAt IS NOT NULL;

CREATE TABLE fileUploads (
  deviceId TEXT NOT NULL PRIMARY KEY,
  generationId TEXT NOT NULL,
  inFlight BLOB NOT NULL,
  ended BLOB NOT NULL,
  dueAt TEXT,
  sequence INTEGER NOT NULL
) STRICT;
CREATE INDEX fileUploadsByDue ON fileUploads (dueAt, deviceId) WHERE dueAt IS NOT NULL;

CREATE TABLE jobs (
  jobId TEXT NOT NULL PRIMARY KEY,
  jobType TEXT NOT NULL,
  status TEXT NOT NULL,
  queryCondition TEXT NOT NULL,
  work BLOB NOT NULL,
  createdBy BLOB NOT NULL,
  createdTime TEXT NOT NULL,
  createdSequence INTEGER NOT NULL,
  startTime TEXT NOT NULL,
  endTime TEXT,
  maxExecutionTimeInSeconds INTEGER NOT NULL,
  failureReason TEXT,
  startedSequence INTEGER,
  deadline TEXT,
  chunkCount INTEGER,
  isPlanned INTEGER,
  plannedTime TEXT,
  forgottenChunks INTEGER,
  pendingCount INTEGER,
  runningCount INTEGER,
  completedCount INTEGER,
  failedCount INTEGER,
  canceledCount INTEGER,
  dueAt TEXT NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;
CREATE INDEX jobsByTime ON jobs (createdTime, jobId);
CREATE INDEX jobsByDue ON jobs (dueAt, jobId);

CREATE TABLE jobChunks (
  jobId TEXT NOT NULL,
  chunk INTEGER NOT NULL,
  plannedSequence INTEGER NOT NULL,
  attemptId TEXT,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (jobId, chunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobTargets (
  jobId TEXT NOT NULL,
  chunk INTEGER NOT NULL,
  deviceId TEXT NOT NULL,
  moduleId TEXT NOT NULL,
  jobType TEXT NOT NULL,
  status TEXT NOT NULL,
  createdDateTimeUtc TEXT NOT NULL,
  startTimeUtc TEXT,
  endTimeUtc TEXT,
  lastUpdatedDateTimeUtc TEXT NOT NULL,
  response BLOB,
  errorCode TEXT,
  errorDescription TEXT,
  PRIMARY KEY (jobId, chunk, deviceId, moduleId)
) STRICT;
CREATE INDEX jobTargetsByDevice ON jobTargets (deviceId, moduleId, jobId);

CREATE TABLE policies (id TEXT NOT NULL PRIMARY KEY, policies BLOB NOT NULL, sequence INTEGER NOT NULL)
STRICT, WITHOUT ROWID;

CREATE TABLE queryIndexes (id TEXT NOT NULL PRIMARY KEY, queryIndexes BLOB NOT NULL, sequence INTEGER NOT NULL)
STRICT, WITHOUT ROWID;

CREATE TABLE consumerGroups (id TEXT NOT NULL PRIMARY KEY, consumerGroups BLOB NOT NULL, sequence INTEGER NOT NULL)
STRICT, WITHOUT ROWID;

CREATE TABLE configurations (id TEXT NOT NULL PRIMARY KEY, configuration BLOB NOT NULL, sequence INTEGER NOT NULL) STRICT;

CREATE TABLE registryJobs (
  jobId TEXT NOT NULL PRIMARY KEY,
  createdSequence INTEGER NOT NULL,
  job BLOB NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;

${historySchema}
CREATE TABLE statistics (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  totalDeviceCount INTEGER NOT NULL,
  enabledDeviceCount INTEGER NOT NULL,
  disabledDeviceCount INTEGER NOT NULL,
  connectedDeviceCount INTEGER NOT NULL
) STRICT;
INSERT INTO statistics VALUES (1, 0, 0, 0, 0);
`;
