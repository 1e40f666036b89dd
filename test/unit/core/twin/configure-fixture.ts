import { mergeParts } from "../../../../core/configuration/merge-parts.ts";
import type { JsonObject } from "../../../../core/json.ts";
import type { TwinCommand } from "../../../../core/twin/decide.ts";
import type { TwinConfigurations } from "../../../../core/twin/twin.ts";
import type { WantedMembers } from "../../../../core/twin/wanted.ts";
import { at2 } from "./twin-fixture.ts";

/** These configurations, all applied. */
export const configurationsOf = (...ids: readonly string[]): TwinConfigurations =>
  Object.fromEntries(ids.toSorted().map((id) => [id, { status: "Applied" }]));

/** What configurations want together, the strongest first: desired properties by the configuration's id. */
const wantedOf = (contents: Readonly<Record<string, JsonObject>>): WantedMembers =>
  mergeParts(
    Object.entries(contents).map(([id, value]) => ({
      author: { configurationId: id, digest: `digest-${id}` },
      parts: [{ path: [], value }],
    })),
  ).wanted;

/** Has a twin configured by these alone, the strongest first. */
export const configure = (contents: Readonly<Record<string, JsonObject>>): TwinCommand => ({
  type: "ConfigureTwin",
  data: {
    configurations: configurationsOf(...Object.keys(contents)),
    byStrength: Object.keys(contents).toReversed(),
    wanted: wantedOf(contents),
  },
  meta: { now: at2 },
});
