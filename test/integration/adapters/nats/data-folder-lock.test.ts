import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { lockDataFolder } from "../../../../adapters/nats/data-folder-lock.ts";
import { tempFolder } from "../../../support/nats.ts";

const module = new URL("../../../../adapters/nats/data-folder-lock.ts", import.meta.url).href;

/** Starts a process that takes the lock, says so, and holds it until it is killed. */
async function otherHub(folder: string) {
  const program = `
    import { lockDataFolder } from ${JSON.stringify(module)};
    try {
      globalThis.lock = await lockDataFolder(${JSON.stringify(folder)});
      console.log("locked");
      setInterval(() => {}, 1000);
    } catch (error) {
      console.log(error.message);
    }`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString().trim() };
}

test("a data folder that a hub holds is refused to another process, naming the holder", async (t) => {
  const folder = await tempFolder(t);
  await using _held = await lockDataFolder(folder);
  const { said } = await otherHub(folder);
  assert.equal(said, `the data folder ${folder} is in use by another hub (process ${process.pid})`);
});

test("a second lock in the same process is refused too", async (t) => {
  const folder = await tempFolder(t);
  await using _held = await lockDataFolder(folder);
  await assert.rejects(lockDataFolder(folder), /in use by another hub/);
});

test("the lock of a hub that was killed is free, though its process id may live again", async (t) => {
  const folder = await tempFolder(t);
  const { child, said } = await otherHub(folder);
  assert.equal(said, "locked");
  await assert.rejects(lockDataFolder(folder), new RegExp(`process ${child.pid}`));
  child.kill("SIGKILL");
  await once(child, "exit");
  // The id in the file now belongs to a living process.
  await writeFile(join(folder, "hub.pid"), `${process.ppid}\n`);
  await (await lockDataFolder(folder))[Symbol.asyncDispose]();
});

test("a lock that was given back can be taken again", async (t) => {
  const folder = await tempFolder(t);
  await (await lockDataFolder(folder))[Symbol.asyncDispose]();
  await (await lockDataFolder(folder))[Symbol.asyncDispose]();
});

test("of many that ask at once exactly one gets the lock", async (t) => {
  const folder = await tempFolder(t);
  const hubs = await Promise.all([1, 2, 3, 4].map(() => otherHub(folder)));
  t.after(() => hubs.forEach(({ child }) => void child.kill("SIGKILL")));
  assert.equal(hubs.filter(({ said }) => said === "locked").length, 1);
});
