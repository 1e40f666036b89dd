import type { Json, JsonObject } from "../../core/json.ts";
import { compileRoute } from "../../query/routing/compile-route.ts";
import type { RouteMessage } from "../../query/routing/message.ts";

/** What a message of a test is made of; what is left out is not there. */
export type MessageParts = {
  readonly application?: Readonly<Record<string, string | null>>;
  readonly system?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly twin?: JsonObject;
};

/** A message, and how often its body and twin were asked for. */
export type TestMessage = RouteMessage & { readonly asked: { body: number; twin: number } };

/** Makes a message. */
export function routeMessage({ application = {}, system = {}, body, twin }: MessageParts): TestMessage {
  const asked = { body: 0, twin: 0 };
  return {
    asked,
    applicationProperties: new Map(Object.entries(application)),
    systemProperties: new Map(Object.entries(system)),
    body: () => {
      asked.body += 1;
      return body;
    },
    twin: () => {
      asked.twin += 1;
      return twin;
    },
  };
}

/** The value of a condition for a message. */
export const conditionValue = (condition: string, message: RouteMessage = routeMessage({})): boolean | undefined =>
  compileRoute(condition).evaluate(message);

/**
 * Each of these conditions in an object, with its value for a message: fit for one comparison that names what differs.
 */
export const conditionValues = (
  conditions: readonly string[],
  message: RouteMessage,
): Record<string, boolean | undefined> =>
  Object.fromEntries(conditions.map((condition) => [condition, conditionValue(condition, message)]));

/** What `conditionValues` gives when all have one value. */
export const sameValues = (
  conditions: readonly string[],
  value: boolean | undefined,
): Record<string, boolean | undefined> => Object.fromEntries(conditions.map((condition) => [condition, value]));
