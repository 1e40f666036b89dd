// Usage: node scripts/run.mjs scripts/test.mjs [file or folder…]. Without arguments: every gate, then every test.
import { run } from "node:test";
import { runGates } from "./gates.mjs";
import { root } from "./project.mjs";
import { testFiles } from "./test-files.mjs";
import { TestReport } from "./test-report.mjs";

const filesAtOnce = 2;
/** For one test: a hang must not stall a run for ever. */
const testTimeoutMs = 300_000;

const paths = process.argv.slice(2);
const report = new TestReport(root, (text) => process.stdout.write(text));
if (paths.length === 0) report.failed += await runGates();

const files = testFiles(paths.length === 0 ? ["test"] : paths, root);
if (files.length > 0) {
  const execArgv = ["--disable-warning=ExperimentalWarning", "--import", `${root}/scripts/test-watchdog.mjs`];
  const events = run({ files: [...files], concurrency: filesAtOnce, timeout: testTimeoutMs, cwd: root, execArgv });
  for await (const event of events) report.take(/** @type {import("./test-report.mjs").TestEvent} */ (event));
}

process.stdout.write(`${report.end()}\n`);
process.exitCode = report.failed > 0 || report.passed === 0 ? 1 : 0;
