import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import { readHubEnv } from "../settings/hub-env.ts";
import { CommandError, type Invocation, textFlag } from "./command.ts";

/** An answer of the hub. */
export type HubAnswer = {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

/** What a request carries: a document to send as JSON, or bytes as they are. */
type RequestBody = { readonly body?: unknown; readonly bytes?: Buffer };

/** Talks to a running hub as a back end does: HTTPS, with a token of the policy in its connection string. */
export type HubClient = {
  readonly hostName: string;
  /**
   * Sends a request, by the newest api-version of devices and twins unless told another. Throws CommandError with the
   * hub's own words when it refuses, or when no hub answers.
   */
  send(
    method: string,
    path: string,
    options?: RequestBody & { headers?: Record<string, string>; apiVersion?: string },
  ): Promise<HubAnswer>;
  /** The lines of a text that is long, as they come. Throws as `send`, and when the text is cut. */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>;
};

/** The variables of the hub meant by the environment or by `--data`, the environment first. */
export function hubVariablesFor(invocation: Invocation): (name: string) => string | undefined {
  const given = textFlag(invocation, "data");
  const saved = readHubEnv(given ?? invocation.environment.TWINSTREAM_DATA ?? ".twinstream");
  // A data folder that was named on the command line means that hub, whatever the shell has in its environment.
  if (given !== undefined) return (name) => saved.get(name);
  return (name) => invocation.environment[name] ?? saved.get(name);
}

/** Opens the client for the hub that the environment or `--data` names. */
export function connectToHub(invocation: Invocation): HubClient {
  const variable = hubVariablesFor(invocation);
  const connectionString = variable("IOTHUB_CONNECTION_STRING");
  if (connectionString === undefined) {
    throw new CommandError("no hub is known here: start one with `npm start`, or name its data folder with --data");
  }
  const login = parseConnectionString(connectionString);
  const caFile = variable("NODE_EXTRA_CA_CERTS");
  const target = {
    host: login.hostName,
    port: Number(variable("TWINSTREAM_HTTPS_PORT") ?? 443),
    ca: caFile === undefined ? undefined : readFileSync(caFile),
  };
  return {
    hostName: login.hostName,
    lines: (path, signal) => linesOf({ ...target, path, signal, headers: { authorization: serviceToken(login) } }),
    send: async (method, path, { body, bytes, headers, apiVersion = "2021-04-12" } = {}) => {
      const payload = bytes ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
      const allHeaders = {
        authorization: serviceToken(login),
        ...(payload === undefined ? {} : { "content-type": "application/json", "content-length": payload.length }),
        ...headers,
      };
      const separator = path.includes("?") ? "&" : "?";
      return exchange(
        { ...target, method, path: `${path}${separator}api-version=${apiVersion}`, headers: allHeaders },
        payload,
      );
    },
  };
}

type Login = { readonly hostName: string; readonly policy: string; readonly key: string };

function parseConnectionString(text: string): Login {
  const parts = new Map(
    text.split(";").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  );
  const [hostName, policy, key] = ["HostName", "SharedAccessKeyName", "SharedAccessKey"].map((name) => parts.get(name));
  if (hostName === undefined || policy === undefined || key === undefined) {
    throw new CommandError("IOTHUB_CONNECTION_STRING must have HostName, SharedAccessKeyName and SharedAccessKey");
  }
  return { hostName, policy, key };
}

/** A token for the whole hub that lasts five minutes. */
function serviceToken({ hostName, policy, key }: Login): string {
  const expiry = Math.floor(Date.now() / 1000) + 300;
  const resource = encodeURIComponent(hostName);
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(`${resource}\n${expiry}`).digest("base64");
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${encodeURIComponent(policy)}`;
}

function exchange(options: RequestOptions, body: Buffer | undefined): Promise<HubAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const status = response.statusCode ?? 0;
        if (status >= 300) reject(new CommandError(refusalText(status, text)));
        else resolve({ body: text === "" ? undefined : JSON.parse(text), headers: response.headers });
      });
    });
    call.on("error", (cause) => reject(new CommandError(`the hub does not answer: ${cause.message}`, { cause })));
    call.end(body);
  });
}

async function* linesOf(options: RequestOptions): AsyncGenerator<string, void, void> {
  const call = request(options).end();
  try {
    const [response] = (await once(call, "response")) as [IncomingMessage];
    const status = response.statusCode ?? 0;
    if (status >= 300) throw new CommandError(refusalText(status, await text(response)));
    let rest = "";
    for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest !== "") yield rest;
  } catch (cause) {
    if (options.signal?.aborted === true) return;
    if (cause instanceof CommandError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`the hub does not answer: ${reason}`, { cause });
  }
}

/** The hub's words out of `{"Message":"ErrorCode:<Name>;<text>"}`; the whole answer if it is something else. */
function refusalText(status: number, text: string): string {
  const message = /"Message":"ErrorCode:(\w+);((?:[^"\\]|\\.)*)"/.exec(text);
  return message === null ? `${status} ${text}` : `${message[1]}: ${message[2]}`;
}
