import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, openHttp } from "./http-fixture.ts";

test("health needs no token, readiness tells why not", async () => {
  let answer: { ready: boolean; reason?: string } = { ready: false, reason: "The views are being rebuilt" };
  await using http = await openHttp({}, { readiness: () => answer });
  assert.equal((await http.send({ url: "/healthz" })).statusCode, 200);
  assert.equal(
    assertRefused(await http.send({ url: "/readyz" }), 503, "ServiceUnavailable"),
    "The views are being rebuilt",
  );
  answer = { ready: false };
  assertRefused(await http.send({ url: "/readyz" }), 503, "ServiceUnavailable");
  answer = { ready: true };
  assert.deepEqual((await http.send({ url: "/readyz" })).json(), { status: "ready" });
  assert.deepEqual(http.calls, []);
});

type Operation = {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema: unknown }> }>>;
};
type Description = {
  readonly openapi: string;
  readonly security: readonly unknown[];
  readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: Record<string, unknown> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

test("the description names every route with its answers, errors and token", async () => {
  await using http = await openHttp();
  const description = (await http.send({ url: "/openapi.json" })).json<Description>();
  assert.equal(description.openapi, "3.1.0");
  assert.deepEqual(description.security, [{ sas: [] }]);
  assert.ok("sas" in description.components.securitySchemes);
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, operation })),
  );
  assert.equal(operations.length, 68);
  for (const { name, path, operation } of operations) {
    assert.ok(operation.summary, name);
    assert.deepEqual(operation.responses["4XX"]?.content, {
      "application/json": { schema: { $ref: "#/components/schemas/Error" } },
    });
    assert.ok(
      Object.keys(operation.responses).some((status) => status.startsWith("20")),
      name,
    );
    assert.equal(operation.security?.length === 0, ["/healthz", "/readyz", "/openapi.json"].includes(path), name);
  }
});

test("every reference in the description leads somewhere", async () => {
  await using http = await openHttp();
  const { body } = await http.send({ url: "/openapi.json" });
  const { schemas } = (JSON.parse(body) as Description).components;
  const names = [...body.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference ?? "");
  assert.ok(names.length > 50);
  for (const name of names) assert.ok(name.replace("#/components/schemas/", "") in schemas, name);
  assert.doesNotMatch(body, /"\$id"/);
});
