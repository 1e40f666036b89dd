import { HubError } from "../hub-error.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { sameJson } from "../same-json.ts";
import { eventBase } from "./event-base.ts";
import { type Members, memberOf, setMember } from "./members.ts";
import { applyMergePatch } from "./merge.ts";
import { type Author, authorOf } from "./metadata.ts";
import { checkSize } from "./section-size.ts";
import type { TwinConfigurations, TwinEvent, TwinState, WrittenByConfiguration } from "./twin.ts";
import { Authorship, type Wanted, type WantedMembers, wantedValues } from "./wanted.ts";

/** What the automatic configurations that target a twin come to. */
export type ConfigureTwin = {
  /** How each of them stands, in the order of their ids. */
  readonly configurations: TwinConfigurations;
  /** Their ids, the weakest first. */
  readonly byStrength: readonly string[];
  readonly wanted: WantedMembers;
};

/**
 * Decides what a twin lacks of what configurations want: one event, or none. Whatever a configuration wrote that no
 * configuration wants any more goes, with the objects that this leaves empty. What a back end wrote stays, unless a
 * configuration wants another value there; a property that a back end wrote after the configuration is the back end's, and
 * stays when the configuration goes. All this is unconfirmed for IoT Hub, but for that a configuration's settings go with it
 * (spec/twins-methods-jobs 12).
 *
 * Configurations with which the twin would outgrow its limit are not applied at all.
 */
export function configureTwin(
  { configurations, byStrength, wanted }: ConfigureTwin,
  { now }: { readonly now: string },
  state: TwinState,
): readonly TwinEvent[] {
  const plan = planFor(state, wanted);
  if (fits(state, plan.patch)) {
    return configured(state, now, {
      configurations,
      desired: plan.patch,
      written: plan.authorship.written(byStrength),
    });
  }
  const { patch } = planFor(state, new Map());
  return configured(state, now, { configurations: allTargeted(configurations), desired: patch, written: [] });
}

/** What an event of a configuration's is made of. */
type Configured = {
  readonly configurations: TwinConfigurations;
  readonly desired: JsonObject;
  readonly written: readonly WrittenByConfiguration[];
  readonly deployment?: string;
};

/** The event, or none when it would change nothing. */
export function configured(
  state: TwinState,
  now: string,
  { configurations, desired, written, deployment = state.deployment }: Configured,
): readonly TwinEvent[] {
  const change = Object.keys(desired).length > 0 && { desired };
  const isKnown = deployment === state.deployment && sameJson(configurations, state.configurations ?? {});
  if (!change && written.length === 0 && isKnown) return [];
  const signed = written.length > 0 && { written };
  const deployed = deployment !== undefined && deployment !== state.deployment && { deployment };
  const data = { ...eventBase(state, now, change || {}), configurations, ...change, ...signed, ...deployed };
  return [{ type: "TwinConfigured", data }];
}

/** Whether the desired properties stay within their limit. */
export function fits({ desired: { values } }: TwinState, patch: JsonObject): boolean {
  try {
    checkSize("desired", values, applyMergePatch(values, patch));
    return true;
  } catch (error) {
    if (error instanceof HubError) return false;
    throw error;
  }
}

/** The same configurations, none of them applied. */
export const allTargeted = (configurations: TwinConfigurations): TwinConfigurations =>
  Object.fromEntries(Object.keys(configurations).map((id) => [id, { status: "Targeted" }]));

type Plan = { readonly patch: JsonObject; readonly authorship: Authorship };

function planFor({ desired, configurations = {} }: TwinState, wanted: WantedMembers): Plan {
  const authorship = new Authorship();
  const { values, metadata } = desired;
  const isOurs = (node: Json | undefined): Author | undefined => {
    const author = authorOf(node);
    return author !== undefined && Object.hasOwn(configurations, author.configurationId) ? author : undefined;
  };
  return { patch: changeOf(wanted, { values, metadata, path: [], isOurs, authorship }), authorship };
}

/** An object of the desired properties, and what is around it. The recursion is as deep as a section may nest. */
type Place = {
  readonly values: JsonObject;
  readonly metadata: JsonObject;
  readonly path: readonly string[];
  /** The author of a node, if it is a configuration that the twin knows. */
  readonly isOurs: (node: Json | undefined) => Author | undefined;
  readonly authorship: Authorship;
};

function changeOf(wanted: WantedMembers, place: Place): JsonObject {
  const patch: Members = {};
  const note = (key: string, change: Json | undefined): void => {
    if (change !== undefined) setMember(patch, key, change);
  };
  for (const [key, want] of wanted) note(key, changeOfMember(want, key, place));
  for (const key of Object.keys(place.values)) if (!wanted.has(key)) note(key, withdrawal(key, place));
  return patch;
}

/** What a wanted member changes; undefined when it is as it should be. */
function changeOfMember(want: Wanted, key: string, place: Place): Json | undefined {
  const { values, metadata, path, isOurs, authorship } = place;
  const present = memberOf(values, key);
  if (want.kind === "branch") {
    if (isJsonObject(present)) return nonEmpty(changeOf(want.members, inside(place, key, present)));
    const made = wantedValues(want.members, { path: [...path, key], authorship, nulls: "drop" });
    return nonEmpty(made) ?? withdrawal(key, place);
  }
  const { value, author } = want;
  if (value === null) return present === undefined ? undefined : null;
  const isObject = isJsonObject(value) && isJsonObject(present);
  if (isObject || (present !== undefined && sameJson(present, value))) {
    const before = isOurs(memberOf(metadata, key));
    if (before !== undefined && !sameAuthor(before, author)) authorship.note(author, [...path, key]);
    return isObject ? nonEmpty(changeOf(new Map(), inside(place, key, present))) : undefined;
  }
  authorship.note(author, [...path, key]);
  return value;
}

/** What is taken back of a member that nobody wants: all that configurations wrote in it. */
function withdrawal(key: string, place: Place): Json | undefined {
  const present = memberOf(place.values, key);
  if (!isJsonObject(present) || Object.keys(present).length === 0) {
    return place.isOurs(memberOf(place.metadata, key)) === undefined ? undefined : null;
  }
  const change = nonEmpty(changeOf(new Map(), inside(place, key, present)));
  if (change === undefined) return undefined;
  return Object.keys(applyMergePatch(present, change)).length === 0 ? null : change;
}

function inside(place: Place, key: string, values: JsonObject): Place {
  const node = memberOf(place.metadata, key);
  return { ...place, values, metadata: isJsonObject(node) ? node : {}, path: [...place.path, key] };
}

const nonEmpty = (object: JsonObject): JsonObject | undefined => (Object.keys(object).length > 0 ? object : undefined);

const sameAuthor = (a: Author, b: Author): boolean => a.configurationId === b.configurationId && a.digest === b.digest;
