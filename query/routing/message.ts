import type { Json, JsonObject } from "../../core/json.ts";

/**
 * What a condition can be about. Application properties are texts; one that AMQP carried without a value is null.
 * System properties have the names of `systemProperties` without the `$`.
 */
export type RouteMessage = {
  readonly applicationProperties: ReadonlyMap<string, string | null>;
  readonly systemProperties: ReadonlyMap<string, string>;
  /**
   * The parsed body; undefined unless its content type and encoding say that it is JSON. May be asked more than once.
   */
  body(): Json | undefined;
  /**
   * The twin of the sender, a module's own if a module sent it: `tags`, `properties.desired`, `properties.reported`.
   */
  twin(): JsonObject | undefined;
};

/** The system properties that a condition may name, `$` before (spec/query-language 14, spec/messaging 1.3). */
export const systemProperties = [
  "contentType",
  "contentEncoding",
  "connectionDeviceId",
  "connectionModuleId",
  "connectionDeviceGenerationId",
  "connectionAuthMethod",
  "enqueuedTime",
  "messageId",
  "correlationId",
  "userId",
  "creation-time-utc",
  "dt-dataschema",
  "dt-subject",
] as const;

/** What a path of a body leads to when there is no such path. It acts as null, yet is not defined. */
export const missing: unique symbol = Symbol("missing");

/** A value while a condition is evaluated. A number is never NaN: that is undefined. */
export type RouteValue = undefined | null | boolean | number | string | typeof missing;

export type Evaluate = (message: RouteMessage) => RouteValue;
