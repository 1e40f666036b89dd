import { type Command, CommandError, clientHelp, clientOptions, type Invocation, wordAt } from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable, table } from "../output.ts";

/** An upload, as the hub tells it. */
type Upload = {
  readonly blobName: string;
  readonly state: string;
  readonly startedTime: string;
  readonly expiresAt?: string;
  readonly endedTime?: string;
  readonly blobSizeInBytes?: number;
  readonly statusCode?: number | null;
  readonly statusDescription?: string | null;
};

/** `twinstream upload …` */
export const uploadCommand: Command = {
  help: `Shows the files that devices upload.

  twinstream upload list <deviceId>   uploads under way and the latest that ended

${clientHelp}

Example: see whether a camera's pictures arrive.
  twinstream upload list camera-1`,
  options: clientOptions,
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (list)");
    if (action !== "list") throw new CommandError(`upload ${action} is unknown: list`);
    await list(connectToHub(invocation), invocation);
  },
};

async function list(hub: HubClient, invocation: Invocation): Promise<void> {
  const deviceId = encodeURIComponent(wordAt(invocation, 1, "the device id"));
  const uploads = (await hub.send("GET", `/devices/${deviceId}/files`)).body as readonly Upload[];
  if (invocation.flags.json) return invocation.print(JSON.stringify(uploads));
  const rows = uploads.map((upload) => {
    const { blobName, state, startedTime, expiresAt, endedTime = `until ${expiresAt}` } = upload;
    return [printable(blobName), state, startedTime, endedTime, resultOf(upload)];
  });
  invocation.print(table([["BLOB", "STATE", "STARTED", "ENDED", "RESULT"], ...rows]));
}

function resultOf({ blobSizeInBytes, statusCode, statusDescription }: Upload): string {
  if (blobSizeInBytes !== undefined) return `${blobSizeInBytes} bytes`;
  return printable([statusCode ?? [], statusDescription ?? []].flat().join(" "));
}
