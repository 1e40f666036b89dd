/**
 * When the embedded nats-server syncs its files to disk: with each write, before it acknowledges it, or at an interval.
 * `intervalMs` is at least 1.
 */
export type Durability = { readonly sync: "always" } | { readonly sync: "interval"; readonly intervalMs: number };

/** One line for operators that says which promise the setting gives. */
export function describeDurability(durability: Durability): string {
  switch (durability.sync) {
    case "always":
      return "every write is on disk before it is acknowledged: neither a crash nor a power cut loses any of it";
    case "interval": {
      const interval = `${durability.intervalMs} ms`;
      return `acknowledged writes survive a crash, and are on disk within ${interval}: a power cut can lose that much`;
    }
  }
}

/** The value of nats-server's `sync_interval`. */
export function syncInterval(durability: Durability): string {
  switch (durability.sync) {
    case "always":
      return "always";
    case "interval":
      return `${durability.intervalMs}ms`;
  }
}
