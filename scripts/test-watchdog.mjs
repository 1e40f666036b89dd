// Loaded into each test file's process: a file that has run its tests but does not end has left something open.
import { after } from "node:test";

const graceMs = 10_000;

after(() => {
  const timer = setTimeout(() => {
    process.stderr.write(`still open after the last test: ${process.getActiveResourcesInfo().join(", ")}\n`);
    process.exit(1);
  }, graceMs);
  timer.unref();
});
