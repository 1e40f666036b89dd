import { test } from "node:test";
import type { ConfigurationEvent } from "../../../../core/configuration/configuration.ts";
import type { ConfigurationCommand } from "../../../../core/configuration/decide.ts";
import { at1, at2, created, definition, given, input } from "./configuration-fixture.ts";

const { content } = definition();
const meta = { now: at2 };

const create = (given = input({ content }), count = 0): ConfigurationCommand => ({
  type: "CreateConfiguration",
  data: { id: "c", input: given, digest: "digest", count },
  meta: { now: at1 },
});
const update = (given = input(), ifMatch = "*"): ConfigurationCommand => ({
  type: "UpdateConfiguration",
  data: { id: "c", input: given, ifMatch },
  meta,
});
const remove = (ifMatch?: string): ConfigurationCommand => ({
  type: "DeleteConfiguration",
  data: { id: "c", ...(ifMatch !== undefined && { ifMatch }) },
  meta,
});
const measure = (system: Record<string, number>, changes = {}): ConfigurationCommand => ({
  type: "RecordMeasurement",
  data: { id: "c", etag: "MQ==", createdTime: at1, measurement: { system, custom: {} }, ...changes },
  meta,
});
const updatedTo = (changes: Parameters<typeof definition>[0], etag = "Mg=="): ConfigurationEvent => ({
  type: "ConfigurationUpdated",
  data: { definition: definition(changes), etag, at: at2 },
});
const deleted: ConfigurationEvent = { type: "ConfigurationDeleted", data: { id: "c", at: at2 } };
const measured: ConfigurationEvent = {
  type: "ConfigurationMeasured",
  data: { id: "c", system: { targetedCount: 2 }, custom: {}, at: at2 },
};

// spec/twins-methods-jobs 12, spec/http-api 7
test("A new configuration targets nothing, has priority 0 and the first etag, unless it says more", () => {
  given()
    .when(create())
    .then({
      type: "ConfigurationCreated",
      data: {
        definition: definition({ schemaVersion: null, targetCondition: "" }),
        digest: "digest",
        etag: "MQ==",
        at: at1,
      },
    });
  const all = { schemaVersion: "2.0", labels: null, contentType: "assignment", targetCondition: "*", priority: 7 };
  given()
    .when(create(input({ content, ...all, metrics: { m: "select *" } })))
    .then(created({ ...all, metrics: { m: "select *" } }));
});

// spec/http-api 7
test("What is there is not created again, nor one without content, nor one too many", () => {
  given(created()).when(create()).rejects("ConfigurationAlreadyExists");
  given().when(create(input())).rejects("InvalidConfigurationContent");
  given()
    .when(create(input({ content }), 100))
    .rejects("ConfigurationCountLimitExceeded");
  given(created(), deleted)
    .when(create(undefined, 99))
    .then({ ...created({ schemaVersion: null, targetCondition: "" }) });
});

// spec/twins-methods-jobs 12
test("An update changes labels, condition, priority and metrics, and leaves what it does not name", () => {
  given(created({ labels: { a: "b" } }))
    .when(update(input({ priority: 3 })))
    .then(updatedTo({ labels: { a: "b" }, priority: 3 }));
  const changes = { labels: null, targetCondition: "", metrics: { m: "q" } };
  given(created())
    .when(update(input(changes)))
    .then(updatedTo(changes));
  given(created(), updatedTo({})).when(update(input(), "Mg==")).then(updatedTo({}, "Mw=="));
});

test("An update may repeat the content, and may say any schema version, which stays", () => {
  const members = { "properties.desired.x": 1 };
  given(created())
    .when(update(input({ content: { kind: "deviceContent", members }, schemaVersion: "9" })))
    .then(updatedTo({}));
});

// spec/http-api 7, 400403
test("The content never changes, nor its kind", () => {
  const other = { kind: "deviceContent", members: { "properties.desired.x": 2 } } as const;
  const kind = { kind: "moduleContent", members: { "properties.desired.x": 1 } } as const;
  for (const changed of [other, kind]) {
    given(created())
      .when(update(input({ content: changed })))
      .rejects("CannotModifyImmutableConfigurationContent");
  }
});

// spec/http-api 7, 404301, 412
test("A write of what is not there, or was changed meanwhile, is refused", () => {
  given().when(update()).rejects("ConfigurationNotFound");
  given().when(remove()).rejects("ConfigurationNotFound");
  given(created(), deleted).when(update()).rejects("ConfigurationNotFound");
  given(created()).when(update(input(), "Mg==")).rejects("PreconditionFailed");
  given(created()).when(remove("Mg==")).rejects("PreconditionFailed");
});

test("A configuration is deleted with its etag, with any and with none", () => {
  for (const ifMatch of ["MQ==", "*", undefined]) given(created()).when(remove(ifMatch)).then(deleted);
});

test("Counts are recorded when they are new, and only for the configuration that they were counted for", () => {
  given(created())
    .when(measure({ targetedCount: 2 }))
    .then(measured);
  given(created(), measured)
    .when(measure({ targetedCount: 2 }))
    .changesNothing();
  given(created(), updatedTo({}))
    .when(measure({ targetedCount: 2 }))
    .changesNothing();
  given(created())
    .when(measure({ targetedCount: 2 }, { createdTime: at2 }))
    .changesNothing();
  given().when(measure({})).changesNothing();
});

test("An event for what is not there says nothing", () => {
  given(updatedTo({}), measured).when(update()).rejects("ConfigurationNotFound");
});
