// Usage: node scripts/run.mjs <script> [args…], from any Node from 18 on. `script` is relative to the project's root.
import { resolve } from "node:path";
import { launch } from "./launch.mjs";
import { root } from "./project.mjs";

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write("usage: node scripts/run.mjs <script> [args…]\n");
  process.exitCode = 2;
} else {
  launch(resolve(root, script), args);
}
