import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A running process by its command line, in pieces where the system gives pieces. */
type RunningProcess = { readonly pid: number; has(argument: string): boolean };

/** The ids of the processes of this machine that were started with every one of `needed` as an argument. */
export async function processesWith(needed: readonly string[]): Promise<readonly number[]> {
  const all = process.platform === "linux" ? await fromProc() : await fromPs();
  return all.filter((each) => needed.every((argument) => each.has(argument))).map(({ pid }) => pid);
}

async function fromProc(): Promise<readonly RunningProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      // A process may end while we look.
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      const args = new Set(line.split("\0"));
      return { pid: Number(pid), has: (argument: string) => args.has(argument) };
    }),
  );
}

async function fromPs(): Promise<readonly RunningProcess[]> {
  const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,args="], { maxBuffer: 67_108_864 });
  return stdout.split("\n").map((line) => {
    const [, pid, args] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return { pid: Number(pid), has: (argument: string) => ` ${args ?? ""} `.includes(` ${argument} `) };
  });
}
