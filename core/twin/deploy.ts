import type { JsonObject } from "../json.ts";
import { allTargeted, configured, fits } from "./configure.ts";
import { difference } from "./diff.ts";
import type { TwinConfigurations, TwinEvent, TwinState } from "./twin.ts";
import { Authorship, type WantedMembers, wantedValues } from "./wanted.ts";

/** What an IoT Edge deployment has for one module. */
export type DeployedContent = {
  readonly wanted: WantedMembers;
  /** Whether it is all of the module's desired properties, or what is put among them. */
  readonly replaces: boolean;
  /** The ids of the deployments that it is put together of, the weakest first. */
  readonly byStrength: readonly string[];
  /** Tells this content from any other; the digest of each author in `wanted`. */
  readonly digest: string;
};

/** `configurations` is absent for modules that keep no account of deployments; `content` when nothing is to be deployed. */
export type DeployToTwin = {
  readonly configurations?: TwinConfigurations;
  readonly content?: DeployedContent;
};

/**
 * Decides what a deployment does to a module: one event, or none. Its content is written once, as a replacement is: what a
 * back end changes of it afterwards stays until another deployment comes. That the hub doesn't bring it back is unconfirmed.
 * Content that the twin has no room for is not written.
 */
export function deployToTwin(
  { configurations, content }: DeployToTwin,
  { now }: { readonly now: string },
  state: TwinState,
): readonly TwinEvent[] {
  const stands = configurations ?? state.configurations ?? {};
  const nothing = { configurations: stands, desired: {}, written: [] };
  if (content === undefined || content.digest === state.deployment) return configured(state, now, nothing);
  const { desired, authorship } = replacementBy(content, state.desired.values);
  if (!fits(state, desired)) {
    return configured(state, now, {
      ...nothing,
      configurations: configurations ? allTargeted(configurations) : stands,
    });
  }
  const written = authorship.written(content.byStrength);
  return configured(state, now, { configurations: stands, desired, written, deployment: content.digest });
}

/** What the device is told: by existence, as after any replacement (spec/twins-methods-jobs 4). */
function replacementBy(
  { wanted, replaces }: DeployedContent,
  before: JsonObject,
): { readonly desired: JsonObject; readonly authorship: Authorship } {
  const authorship = new Authorship();
  const values = wantedValues(wanted, { path: [], authorship, nulls: replaces ? "drop" : "keep" });
  return { desired: replaces ? difference(before, values) : values, authorship };
}
