import type { Aggregate } from "./ast.ts";
import type { Value } from "./values.ts";

/** Gathers the values of one group. `add` gets the argument's value for each row, undefined for `COUNT()`. */
export type Gathering = { readonly add: (value: Value) => void; readonly result: () => number | undefined };

/**
 * Begins an aggregate. All but `COUNT()`, which counts rows, look at numbers only and are undefined when there are none, or
 * when the result is not finite; what IoT Hub does with other values is unconfirmed (spec/query-language 5).
 */
export function gather(name: Aggregate["name"]): Gathering {
  switch (name) {
    case "count":
      return countRows();
    case "sum":
      return ofNumbers(new CompensatedSum(), ({ total }) => total);
    case "avg":
      return ofNumbers(new CompensatedSum(), ({ total, count }) => total / count);
    case "min":
      return extreme((value, least) => value < least);
    case "max":
      return extreme((value, greatest) => value > greatest);
  }
}

function countRows(): Gathering {
  let rows = 0;
  return {
    add: () => {
      rows += 1;
    },
    result: () => rows,
  };
}

function extreme(isBeyond: (value: number, found: number) => boolean): Gathering {
  let found: number | undefined;
  return {
    add: (value) => {
      if (typeof value === "number" && (found === undefined || isBeyond(value, found))) found = value;
    },
    result: () => found,
  };
}

function ofNumbers(sum: CompensatedSum, resultOf: (sum: CompensatedSum) => number): Gathering {
  return {
    add: (value) => {
      if (typeof value === "number") sum.add(value);
    },
    result: () => {
      const result = resultOf(sum);
      return sum.count > 0 && Number.isFinite(result) ? result : undefined;
    },
  };
}

/** Neumaier's summation: what each addition rounds off is kept aside, so that the order of rows hardly matters. */
class CompensatedSum {
  count = 0;
  #sum = 0;
  #rest = 0;

  add(value: number): void {
    const sum = this.#sum + value;
    const [larger, smaller] = Math.abs(this.#sum) >= Math.abs(value) ? [this.#sum, value] : [value, this.#sum];
    this.#rest += larger - sum + smaller;
    this.#sum = sum;
    this.count += 1;
  }

  get total(): number {
    return this.#sum + this.#rest;
  }
}
