import Type, { type Static } from "typebox";
import { typesNamed } from "../../core/history/event-groups.ts";
import type { TimelinePosition, TimelineRequest } from "../../core/history/timeline.ts";
import { HubError } from "../../core/hub-error.ts";
import type { ActorFilter, HistoryFilter } from "../../core/ports.ts";
import { parseActor } from "../nats/actor-text.ts";
import { isoTimeOf } from "./moment.ts";

const maxPage = 1000;
const defaultPage = 100;

const text = (description: string, maxLength = 64) => Type.Optional(Type.String({ maxLength, description }));

/** The parameters that choose among events of whatever is asked for. */
export const eventParameters = {
  "api-version": text("any version that an Azure IoT SDK sends"),
  type: Type.Optional(
    Type.Union([Type.String({ maxLength: 1024 }), Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 })], {
      description:
        "only events of this type, of a group (`identity`, `connection`, `twin`, `method`, `command`, `upload`, `configuration`, `job`, `hub`) or of a pattern such as `Twin*`; several are repeated or separated by commas",
    }),
  ),
  actor: text(
    "only what this actor did: as events name it, or all of a kind: `policy`, `device`, `module`, `hub`",
    1024,
  ),
  from: text("only events at or after this time, ISO 8601, without a zone UTC; or `seq:` and a journal sequence"),
  to: text("only events up to this time or sequence, itself included"),
};

/** The parameters of a device's history. */
export const HistoryQuery = Type.Object({
  ...eventParameters,
  module: Type.Optional(
    Type.String({ maxLength: 128, description: "only events of this module; when empty, of the device itself" }),
  ),
  correlation: text("only events with this correlation id", 256),
  telemetry: text("true: with the device's stored telemetry among the events, by time"),
  after: text("only events beyond this sequence, or this continuation, in the order asked for"),
  order: text("asc, oldest first (default), or desc"),
  limit: text("how many at most, 1 to 1000; 100 when not set. An export has no limit but this"),
  format: text("json, a page (default); ndjson or csv, everything as a stream"),
});

/** The headers by which SDKs page. */
export const HistoryHeaders = Type.Object({
  "x-ms-continuation": text("where the page before ended; it wins over `after`"),
  "x-ms-max-item-count": text("as `limit`, which wins over it"),
});

type EventQuery = Pick<Static<typeof HistoryQuery>, "type" | "actor" | "from" | "to">;
type EventFilter = Pick<HistoryFilter, "types" | "actor" | "from" | "to" | "fromSequence" | "toSequence">;

/** What the parameters of `eventParameters` say. Throws HubError `ArgumentInvalid`. */
export function eventFilterOf({ type, actor, from, to }: EventQuery): EventFilter {
  const words = [type ?? []].flat().flatMap((list) => list.split(",").filter((word) => word !== ""));
  return {
    ...(words.length > 0 && { types: typesNamed(words) }),
    ...(actor !== undefined && { actor: actorFilterOf(actor) }),
    ...boundOf("from", from, { time: "from", sequence: "fromSequence" }),
    ...boundOf("to", to, { time: "to", sequence: "toSequence" }),
  };
}

type Bounds = Pick<EventFilter, "from" | "to" | "fromSequence" | "toSequence">;
type BoundNames = { readonly time: "from" | "to"; readonly sequence: "fromSequence" | "toSequence" };

function boundOf(name: string, value: string | undefined, names: BoundNames): Bounds {
  if (value === undefined) return {};
  const sequence = /^seq:(\d{1,15})$/i.exec(value);
  if (sequence !== null) return { [names.sequence]: Number(sequence[1]) };
  const time = isoTimeOf(value);
  if (time === undefined) throw invalid(`${name} must be a time in ISO 8601, or seq: and a journal sequence`);
  return { [names.time]: time };
}

const kinds = ["policy", "device", "module", "hub"] as const satisfies readonly ActorFilter["kind"][];

function actorFilterOf(value: string): ActorFilter {
  const [word = ""] = value.split(":");
  const kind = kinds.find((each) => each === word);
  if (kind !== undefined && (value === kind || value === `${kind}:*`)) return { kind };
  const actor = kind === undefined ? undefined : actorNamed(value);
  if (kind === undefined || actor === undefined) {
    throw invalid(
      "actor must be policy:<name>, device:<id>, module:<device>/<module> or hub:<node>, or one of the four words",
    );
  }
  return { kind, actor };
}

function actorNamed(value: string) {
  try {
    return parseActor(value);
  } catch {
    // A percent sign that encodes nothing.
    return undefined;
  }
}

/** A request for a device's history. */
export type DeviceHistory = {
  readonly filter: Omit<HistoryFilter, "afterSequence">;
  readonly after: TimelinePosition;
  readonly withTelemetry: boolean;
  readonly hasLimit: boolean;
};

/** What query and headers ask for. Throws HubError `ArgumentInvalid`. */
export function deviceHistoryOf(
  deviceId: string,
  query: Static<typeof HistoryQuery>,
  headers: Static<typeof HistoryHeaders>,
): DeviceHistory {
  const limit = query.limit ?? headers["x-ms-max-item-count"];
  const withTelemetry = flagOf("telemetry", query.telemetry);
  const events = eventFilterOf(query);
  if (withTelemetry && (events.fromSequence !== undefined || events.toSequence !== undefined)) {
    throw invalid("telemetry has no journal sequences: give from and to as times");
  }
  const filter = {
    deviceId,
    ...events,
    ...(query.module !== undefined && { moduleId: query.module }),
    ...(query.correlation !== undefined && { correlationId: query.correlation }),
    ...(isDescending(query.order) && { descending: true }),
    limit: limit === undefined ? defaultPage : integer("limit", limit, { min: 1, max: maxPage }),
  };
  const after = positionOf(headers["x-ms-continuation"] ?? query.after);
  return { filter, after, withTelemetry, hasLimit: limit !== undefined };
}

/** The request as the timeline takes it. */
export const timelineRequestOf = ({ filter, after }: DeviceHistory): TimelineRequest => ({ ...filter, after });

/** A position as it is sent: a journal sequence, and behind a dot the one of the device's telemetry. */
export const positionText = ({ sequence, telemetry }: TimelinePosition): string =>
  telemetry === undefined ? `${sequence ?? ""}` : `${sequence ?? ""}.${telemetry}`;

function positionOf(value: string | undefined): TimelinePosition {
  if (value === undefined) return {};
  const found = /^(\d{0,15})(?:\.(\d{1,15}))?$/.exec(value);
  if (found === null || value === "")
    throw invalid("after must be a whole number, or what a page before had in x-ms-continuation");
  const [, sequence = "", telemetry] = found;
  return {
    ...(sequence !== "" && { sequence: Number(sequence) }),
    ...(telemetry !== undefined && { telemetry: Number(telemetry) }),
  };
}

function isDescending(order = "asc"): boolean {
  const lower = order.toLowerCase();
  if (lower !== "asc" && lower !== "desc") throw invalid("order must be asc or desc");
  return lower === "desc";
}

function flagOf(name: string, value = "false"): boolean {
  const lower = value.toLowerCase();
  if (lower !== "true" && lower !== "false") throw invalid(`${name} must be true or false`);
  return lower === "true";
}

/** A whole number in a range. Throws HubError `ArgumentInvalid`. */
export function integer(name: string, value: string, { min, max }: { min: number; max: number }): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw invalid(`${name} must be a whole number from ${min} to ${max}`);
}

/** How many rows a page has at most, where the request may say. */
export const pageSizeOf = (value: string | undefined): number =>
  value === undefined ? defaultPage : integer("limit", value, { min: 1, max: maxPage });

const invalid = (message: string) => new HubError("ArgumentInvalid", message);
