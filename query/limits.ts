/** What bounds a query, so that no text takes the hub's time, stack or memory. */
export const queryLimits = {
  /** Characters (UTF-16 units) of a query or a condition (spec/query-language 4). */
  length: 8192,
  /** Levels of a condition, brackets and operators alike. IoT Hub documents none. */
  depth: 100,
  /** Columns of a result. IoT Hub documents none. */
  columns: 256,
  /** Values to order by. */
  orderBy: 16,
} as const;
