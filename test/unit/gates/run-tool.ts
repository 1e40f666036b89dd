import { execFile } from "node:child_process";
import { join } from "node:path";
import { root } from "../../../scripts/project.mjs";

export type ToolRun = { readonly name: string; readonly args: readonly string[]; readonly cwd: string };

const maxOutputBytes = 64 * 1024 * 1024;

/** Runs one of the project's own tools; a tool that finds fault ends with a code other than 0, which is no error here. */
export function runTool({ name, args, cwd }: ToolRun): Promise<{ code: number; stdout: string }> {
  const file = join(root, "node_modules/.bin", name);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [file, ...args], { cwd, maxBuffer: maxOutputBytes }, (error, stdout) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, stdout });
      else reject(error ?? new Error(`${name} was ended`));
    });
  });
}
