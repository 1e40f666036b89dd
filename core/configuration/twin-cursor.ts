import type { IdentityKey } from "../events.ts";

/** Orders twins as lists of them are: by device id, then by module id, a device before its modules. */
export function compareTwins(a: IdentityKey, b: IdentityKey): number {
  if (a.deviceId !== b.deviceId) return a.deviceId < b.deviceId ? -1 : 1;
  const [left, right] = [a.moduleId ?? "", b.moduleId ?? ""];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Twins at most in a page: what is done with one keeps the process busy for a few milliseconds. */
const pageSize = 250;

/** Reads the page of a list that begins after a key. */
export type ReadPage<Item> = (window: {
  readonly limit: number;
  readonly after?: IdentityKey;
}) => readonly Item[] | Promise<readonly Item[]>;

/** Goes through a list that is in the order of twins, a page at a time. */
export class TwinCursor<Item extends IdentityKey = IdentityKey> {
  readonly #read: ReadPage<Item>;
  #page: readonly Item[] = [];
  #at = 0;
  #isLast = false;

  constructor(read: ReadPage<Item>) {
    this.#read = read;
  }

  /** The present item; undefined at the end, or when the next page has to be read. */
  get present(): Item | undefined {
    return this.#page[this.#at];
  }

  advance(): void {
    this.#at += 1;
  }

  /** Reads the next page. */
  async turn(): Promise<void> {
    const after = this.#page.at(-1);
    this.#page = await this.#read({ limit: pageSize, ...(after && { after }) });
    this.#at = 0;
    this.#isLast = this.#page.length < pageSize;
  }

  /** Whether the page is through, and another one follows. */
  get isThrough(): boolean {
    return this.#at >= this.#page.length && !this.#isLast;
  }
}
