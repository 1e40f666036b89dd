import {
  type Command,
  CommandError,
  clientHelp,
  clientOptions,
  type Invocation,
  numberFlag,
  textFlag,
  wordAt,
} from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable } from "../output.ts";

/** A device's answer. */
type MethodResult = { readonly status: number; readonly payload: unknown };

/** `twinstream method …` */
export const methodCommand: Command = {
  help: `Calls a direct method of a device or module and prints its answer.

  twinstream method invoke <deviceId> <methodName> [--module ID] [--payload JSON] [--timeout S] [--connect-timeout S]

  --module ID          call a module of the device
  --payload JSON       what the method is given; null when not set
  --timeout S          seconds that the device may take, 5 to 3600 (default: 30)
  --connect-timeout S  seconds to wait for a device that is not online, up to 300 (default: 0)
${clientHelp}

Example: have a device restart within ten seconds.
  twinstream method invoke thermostat-1 reboot --payload '{"delay":5}' --timeout 10`,
  options: {
    ...clientOptions,
    module: { type: "string" },
    payload: { type: "string" },
    timeout: { type: "string" },
    "connect-timeout": { type: "string" },
  },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (invoke)");
    if (action !== "invoke") throw new CommandError(`method ${action} is unknown: invoke`);
    await invoke(connectToHub(invocation), invocation);
  },
};

async function invoke(hub: HubClient, invocation: Invocation): Promise<void> {
  const device = `/twins/${encodeURIComponent(wordAt(invocation, 1, "the device id"))}`;
  const moduleId = textFlag(invocation, "module");
  const target = moduleId === undefined ? device : `${device}/modules/${encodeURIComponent(moduleId)}`;
  const body = {
    methodName: wordAt(invocation, 2, "the method's name"),
    payload: payloadOf(invocation),
    responseTimeoutInSeconds: numberFlag(invocation, "timeout", { min: 5, max: 3_600 }),
    connectTimeoutInSeconds: numberFlag(invocation, "connect-timeout", { min: 0, max: 300 }),
  };
  const result = (await hub.send("POST", `${target}/methods`, { body })).body as MethodResult;
  if (invocation.flags.json) return invocation.print(JSON.stringify(result));
  invocation.print(printable(`${result.status} ${JSON.stringify(result.payload)}`));
}

function payloadOf(invocation: Invocation): unknown {
  const text = textFlag(invocation, "payload") ?? "null";
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CommandError(`--payload is no JSON; a text needs its quotes: --payload '"text"'`);
  }
}
