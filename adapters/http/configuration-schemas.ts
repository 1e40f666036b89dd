import Type from "typebox";
import { Count, FreeObject, TextOrNull } from "./schemas.ts";

const readOnly = { readOnly: true } as const;
const Counts = Type.Record(Type.String(), Count);
const Texts = Type.Record(Type.String(), Type.String());
const Labels = Type.Union([Texts, Type.Null()]);

/** What a configuration sets: one of the three. */
export const ConfigurationContent = Type.Object(
  {
    deviceContent: Type.Optional(FreeObject),
    moduleContent: Type.Optional(FreeObject),
    modulesContent: Type.Optional(FreeObject),
  },
  {
    $id: "ConfigurationContent",
    description:
      "One of the three. Members are paths such as `properties.desired.a.b`, in modulesContent below the id of a module",
  },
);

/** What counts of a configuration that is written; the rest of a whole one may be there and is ignored. */
export const ConfigurationWrite = Type.Object(
  {
    id: Type.Optional(Type.String()),
    schemaVersion: Type.Optional(TextOrNull),
    labels: Type.Optional(Labels),
    content: Type.Optional(Type.Ref("ConfigurationContent#")),
    contentType: Type.Optional(TextOrNull),
    targetCondition: Type.Optional(TextOrNull),
    priority: Type.Optional(Type.Integer()),
    metrics: Type.Optional(Type.Object({ queries: Type.Optional(Texts) })),
  },
  { $id: "ConfigurationWrite" },
);

/** A configuration, in the order the service sends it (spec/http-api 7). */
export const Configuration = Type.Object(
  {
    id: Type.String(),
    schemaVersion: TextOrNull,
    labels: Labels,
    content: Type.Ref("ConfigurationContent#"),
    contentType: Type.Optional(Type.String()),
    targetCondition: Type.String(),
    createdTimeUtc: Type.String(readOnly),
    lastUpdatedTimeUtc: Type.String(readOnly),
    priority: Type.Integer(),
    systemMetrics: Type.Object({ results: Counts, queries: Texts }, readOnly),
    metrics: Type.Object({ results: Counts, queries: Texts }),
    etag: Type.String(readOnly),
  },
  { $id: "Configuration" },
);

/** What a test of queries found. */
export const QueriesTest = Type.Object(
  {
    targetConditionError: Type.String({ description: "empty: nothing is wrong" }),
    customMetricQueryErrors: Type.Record(Type.String(), Type.String(), { description: "of those that are wrong" }),
  },
  { $id: "QueriesTest" },
);
