// Buckets grow by 2 % each: fine enough for percentiles, and a record costs one logarithm.
const growth = Math.log(1.02);
const smallestMs = 0.001;

/** Counts latencies in logarithmic buckets, so that millions of them cost no memory. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(2048);
  #total = 0;
  #max = 0;

  /** Adds one latency in milliseconds. */
  record(ms: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(Math.max(ms, smallestMs) / smallestMs) / growth));
    this.#counts[Math.min(bucket, this.#counts.length - 1)] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
    if (ms > this.#max) this.#max = ms;
  }

  /** The latency in milliseconds that the share `quantile` (0 to 1) of all stays below; the very largest for 1. */
  quantile(quantile: number): number {
    if (quantile >= 1) return this.#max;
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket += 1) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= this.#total * quantile) return smallestMs * Math.exp(bucket * growth);
    }
    return this.#max;
  }
}
