import { relative } from "node:path";
import { inspect } from "node:util";

/**
 * The part of node:test's events that the report reads.
 * @typedef {object} TestEvent
 * @property {string} type
 * @property {TestData} data
 *
 * @typedef {object} TestData
 * @property {string} [name]
 * @property {number} [nesting]
 * @property {string | undefined} [file]
 * @property {string} [message]
 * @property {string | boolean | undefined} [skip]
 * @property {string | boolean | undefined} [todo]
 * @property {number} [duration_ms] of a file's summary
 * @property {{ type?: string | undefined, duration_ms?: number, error?: Error & { failureType?: unknown } }} [details]
 */

/**
 * Turns node:test's events into a line for each file, each failure in full, and totals that count leaf tests: a test
 * with subtests counts as those. Results come file by file, a parent's right after its last child's; output comes at
 * any time.
 */
export class TestReport {
  passed = 0;
  failed = 0;
  skipped = 0;
  #file = emptyFile("");
  /** @type {Map<string, string>} */
  #output = new Map();
  /** @type {string[]} each with its first line: where a log keeps only its end, this is what is left */
  #failures = [];
  #base;
  #write;

  /**
   * @param {string} base folder that file names are printed relative to
   * @param {(text: string) => void} write
   */
  constructor(base, write) {
    this.#base = base;
    this.#write = write;
  }

  /** @param {TestEvent} event */
  take({ type, data }) {
    const { file } = data;
    if (file === undefined) return;
    if (type === "test:stdout" || type === "test:stderr") {
      this.#output.set(file, (this.#output.get(file) ?? "") + (data.message ?? ""));
    }
    if (type === "test:start") this.#startTest(file, data);
    if (type === "test:pass" || type === "test:fail") this.#takeResult(type === "test:pass", data);
    if (type === "test:summary") this.#file.durationMs = data.duration_ms ?? 0;
  }

  /** Ends the report with the failures once more, a line each; the answer is the last line of a run. */
  end() {
    this.#endFile();
    if (this.#failures.length > 0) this.#write(`\nfailed:\n${this.#failures.join("")}`);
    return `${this.passed} passed, ${this.failed} failed${this.skipped > 0 ? `, ${this.skipped} skipped` : ""}`;
  }

  /**
   * @param {string} path
   * @param {TestData} data
   */
  #startTest(path, { nesting = 0, name = "" }) {
    if (path !== this.#file.path) {
      this.#endFile();
      this.#file = emptyFile(path);
    }
    this.#file.titles = [...this.#file.titles.slice(0, nesting), name];
  }

  /**
   * @param {boolean} passed
   * @param {TestData} data
   */
  #takeResult(passed, { nesting = 0, name, details, skip, todo }) {
    const isParent = this.#file.nesting > nesting;
    this.#file.nesting = nesting;
    this.#file.titles = this.#file.titles.slice(0, nesting + 1);
    if (name === this.#file.path) return this.#takeWholeFile(passed, details);
    if (!passed && todo === undefined) {
      if (details?.error?.failureType !== "subtestsFailed") this.#fail(details?.error);
      return;
    }
    if (isParent || (details?.type === "suite" && skip === undefined)) return;
    this.#file.tests += 1;
    if (skip === undefined && todo === undefined) this.passed += 1;
    else this.skipped += 1;
  }

  /**
   * A file that has no tests, or whose process failed, has a result of its own under the file's name.
   * @param {boolean} passed
   * @param {TestData["details"]} details
   */
  #takeWholeFile(passed, details) {
    this.#file.titles = [];
    this.#file.durationMs = details?.duration_ms ?? 0;
    this.#fail(passed ? "the file has no tests" : details?.error);
  }

  /** @param {unknown} error */
  #fail(error) {
    this.failed += 1;
    this.#file.tests += 1;
    this.#file.failures += 1;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const text = typeof cause === "string" ? cause : inspect(cause, { depth: 8 });
    const title = [this.#name(), ...this.#file.titles].join(" › ");
    this.#write(`✖ ${title}\n${indent(text)}\n`);
    const [firstLine = ""] = text.split("\n");
    this.#failures.push(`✖ ${title}: ${firstLine.slice(0, mostShown)}\n`);
  }

  #endFile() {
    const { path, tests, failures, durationMs } = this.#file;
    if (path === "") return;
    const output = this.#output.get(path) ?? "";
    this.#output.delete(path);
    const seconds = (durationMs / 1000).toFixed(1);
    this.#write(`${failures === 0 ? "✓" : "✖"} ${this.#name()}  ${tests} tests  ${seconds} s\n`);
    if (failures > 0 && output !== "") this.#write(`  output of ${this.#name()}:\n${indent(output.trimEnd())}\n`);
  }

  #name() {
    return relative(this.#base, this.#file.path);
  }
}

/** Characters of an error in the list at the end. */
const mostShown = 200;

/** @param {string} path */
function emptyFile(path) {
  return { path, titles: /** @type {string[]} */ ([]), nesting: 0, tests: 0, failures: 0, durationMs: 0 };
}

/** @param {string} text */
function indent(text) {
  return text.replaceAll(/^/gm, "    ");
}
