import { runGates } from "./gates.mjs";

process.exitCode = (await runGates()) === 0 ? 0 : 1;
