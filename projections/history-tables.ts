const typeCount = 64;

/**
 * What a row of the history keeps of an event besides whose it is, where and when: the number of its type in the lowest six
 * bits, and above them its actor's. One number is quicker to write than two.
 */
export const labelOf = (type: number, actor: number): number => actor * typeCount + type;

/** SQL for the two parts of a label. */
export const typeOfLabel = (column: string): string => `(${column} & ${typeCount - 1})`;
export const actorOfLabel = (column: string): string => `(${column} >> ${Math.log2(typeCount)})`;

/**
 * The tables of the past. A `moduleId` of '' stands for the device itself, whose own events so lie together, however many its
 * modules have.
 */
export const historySchema = `
CREATE TABLE history (
  deviceId TEXT NOT NULL,
  moduleId TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  label INTEGER NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (deviceId, moduleId, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE correlations (segment INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (segment, entry))
STRICT, WITHOUT ROWID;

CREATE TABLE twinSnapshots (
  deviceId TEXT NOT NULL,
  moduleId TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  generationId TEXT NOT NULL,
  version INTEGER NOT NULL,
  view BLOB NOT NULL,
  PRIMARY KEY (deviceId, moduleId, sequence)
) STRICT;
`;
