import type { AggregateKey } from "../events.ts";
import type { Loaded } from "../journal/execute.ts";
import type { ReadModel } from "../ports.ts";
import type { ConfigurationState } from "./configuration.ts";

/** The journal's stream of a configuration. */
export const configurationStream = (id: string): AggregateKey => ({ aggregate: "configuration", id });

/** A configuration as the local views have it. */
export function loadConfiguration(readModel: Pick<ReadModel, "configuration">, id: string): Loaded<ConfigurationState> {
  const found = readModel.configuration(id);
  return found === undefined
    ? { state: { status: "absent" }, sequence: 0 }
    : { state: { status: "live", configuration: found.value }, sequence: found.sequence };
}
