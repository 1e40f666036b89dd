import { HubError } from "../../core/hub-error.ts";
import type { Json } from "../../core/json.ts";
import type { BlobLine, CallerContainer, CallerContainers } from "../../core/registry-job/caller-containers.ts";

/** The containers of callers in memory, by their addresses; a signature's text is not looked at. */
export class MemoryContainers {
  /** Texts of blobs by `<container's address>/<blob's name>`. */
  readonly blobs = new Map<string, string>();
  /** The whole addresses that were opened, in order. */
  readonly opened: string[] = [];
  /** Runs before each answer: one that throws is a container that refuses. */
  onAsk: (what: keyof CallerContainer, blobName: string) => Promise<void> | void = () => {};

  readonly port: CallerContainers = (uri) => {
    this.opened.push(uri);
    return this.#open(uri.split("?")[0] ?? "");
  };

  #open(address: string): CallerContainer {
    const { blobs } = this;
    const pathOf = (name: string): string => `${address}/${name}`;
    const textOf = (name: string): string => {
      const text = blobs.get(pathOf(name));
      if (text === undefined) throw new HubError("BlobContainerValidationError", "no such blob");
      return text;
    };
    return {
      address,
      checkReadable: async (name) => {
        await this.onAsk("checkReadable", name);
        textOf(name);
      },
      checkWritable: async () => await this.onAsk("checkWritable", ""),
      openLines: async (name, { from, version }) => {
        await this.onAsk("openLines", name);
        const text = textOf(name);
        if (version !== undefined && version !== "1")
          throw new HubError("BlobContainerValidationError", "another version");
        return { sizeInBytes: text.length, version: "1", lines: linesOf(text, from) };
      },
      write: async (name, pieces) => {
        let whole = "";
        for await (const piece of pieces) {
          await this.onAsk("write", name);
          whole += piece;
        }
        blobs.set(pathOf(name), whole);
      },
      startLog: async (name) => {
        await this.onAsk("startLog", name);
        blobs.set(pathOf(name), "");
      },
      appendLog: async (name, text) => {
        await this.onAsk("appendLog", name);
        blobs.set(pathOf(name), textOf(name) + text);
      },
    };
  }
}

async function* linesOf(text: string, from: number): AsyncGenerator<BlobLine, void, void> {
  let end = from;
  for (const line of text.slice(from).split(/(?<=\n)/)) {
    end += line.length;
    if (line.trim() !== "") yield { value: parsed(line), end };
  }
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined;
  }
}
