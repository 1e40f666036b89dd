import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { root } from "./project.mjs";

const codeFolders = ["core", "query", "projections", "adapters", "test", "scripts"];

/** @typedef {{ name: string, command: string, args: readonly string[], refuses?: RegExp }} Gate */

/**
 * What must hold before a test is worth running. `refuses` is output that makes a gate fail though its tool is content.
 * @returns {readonly Gate[]}
 */
function gates() {
  const folders = codeFolders.filter((folder) => existsSync(`${root}/${folder}`));
  return [
    { name: "types", command: "tsc", args: ["--project", "tsconfig.json"] },
    {
      name: "format and lint",
      command: "biome",
      args: ["check", "--diagnostic-level=warn", "--error-on-warnings", "--max-diagnostics=200", "."],
    },
    { name: "lint by type", command: "oxlint", args: ["--type-aware", "--deny-warnings", ...folders] },
    { name: "dependency rules", command: "depcruise", args: folders, refuses: /\(0 modules/ },
    { name: "unused code", command: "knip", args: ["--no-progress"] },
  ];
}

/**
 * Runs every gate side by side and prints a line for each, with the tool's whole output where it failed.
 * @returns {Promise<number>} how many failed
 */
export async function runGates() {
  const results = await Promise.all(gates().map(runGate));
  return results.filter((passed) => !passed).length;
}

/**
 * @param {Gate} gate
 * @returns {Promise<boolean>} whether it passed
 */
async function runGate({ name, command, args, refuses }) {
  const startedMs = performance.now();
  const { code, output } = await outputOf(`${root}/node_modules/.bin/${command}`, args);
  const passed = code === 0 && !refuses?.test(output);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(
    `${passed ? "✓" : "✖"} ${name} (${command}) ${seconds} s\n${passed ? "" : `${output.trim()}\n`}`,
  );
  return passed;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number | null, output: string }>} stdout and stderr as they came
 */
function outputOf(command, args) {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}` };
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  child.stderr.on("data", (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output: Buffer.concat(chunks).toString("utf8") }));
  });
}
