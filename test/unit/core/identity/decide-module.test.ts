import assert from "node:assert/strict";
import { test } from "node:test";
import { decideModule, type ModuleCommand, maxModulesPerDevice } from "../../../../core/identity/decide-module.ts";
import {
  evolveModule,
  type ModuleEvent,
  type ModuleFields,
  type ModuleState,
} from "../../../../core/identity/module.ts";
import { specFor } from "../../../support/given.ts";
import { symmetric } from "./identity-fixture.ts";

const given = specFor<ModuleCommand, ModuleEvent, ModuleState>({
  initial: () => ({ status: "absent" }),
  decide: decideModule,
  evolve: evolveModule,
});
const now = "2026-03-01T12:00:00.000Z";
const meta = { now, generationId: "639", firstEtag: "MTA=" };
const target = { deviceId: "dev-1", moduleId: "m1", deviceGenerationId: "600" };
const fields: ModuleFields = { managedBy: null, authentication: symmetric("p", "s") };

const create = (changes: Partial<Extract<ModuleCommand, { type: "CreateModule" }>["data"]> = {}): ModuleCommand => ({
  type: "CreateModule",
  data: { ...target, moduleCount: 0, fields, ...changes },
  meta,
});
const update = (ifMatch: string, changes: Partial<ModuleFields> = {}): ModuleCommand => ({
  type: "UpdateModule",
  data: { ...target, fields: { ...fields, ...changes }, ifMatch },
  meta,
});
const remove = (ifMatch?: string): ModuleCommand => ({
  type: "DeleteModule",
  data: ifMatch === undefined ? target : { ...target, ifMatch },
  meta,
});
const createdIn = (deviceGenerationId: string): ModuleEvent => ({
  type: "ModuleCreated",
  data: { ...target, deviceGenerationId, generationId: "638", etag: "OQ==", fields, at: now },
});
const fresh: Extract<ModuleEvent, { type: "ModuleCreated" }> = {
  type: "ModuleCreated",
  data: { ...target, generationId: "639", etag: "MTA=", fields, at: now },
};

// spec/http-api 2.3
test("a module is created once", () => {
  given().when(create()).then(fresh);
  const text = "A module with ID 'm1' is already registered on device 'dev-1'.";
  given(createdIn("600")).when(create()).rejects("ModuleAlreadyExistsOnDevice", text);
});

test("a module of an earlier generation of its device is not there", () => {
  given(createdIn("599")).when(create()).then(fresh);
  given(createdIn("599")).when(update("*")).rejects("ModuleNotFound", "m1");
  given(createdIn("599")).when(remove()).rejects("ModuleNotFound", "m1");
});

// spec/identity-and-security 4
test("a device has 50 modules at most, system modules apart", () => {
  assert.equal(maxModulesPerDevice, 50);
  given()
    .when(create({ moduleCount: 49 }))
    .then(fresh);
  given()
    .when(create({ moduleCount: 50 }))
    .rejects("TooManyModulesOnDevice");
  const moduleId = "$edgeHub";
  given()
    .when(create({ moduleCount: 50, moduleId }))
    .then({ ...fresh, data: { ...fresh.data, moduleId } });
});

test("an update raises the etag and names what changed", () => {
  const data = { ...target, generationId: "638", etag: "MTA=", at: now };
  const managed = { ...fields, managedBy: "IotEdge" };
  given(createdIn("600"))
    .when(update("OQ==", { managedBy: "IotEdge" }))
    .then({
      type: "ModuleUpdated",
      data: { ...data, fields: managed, changed: ["managedBy"], credentialsChanged: false },
    });
  const rotated = { ...fields, authentication: symmetric("p", "new") };
  given(createdIn("600"))
    .when(update("*", rotated))
    .then({
      type: "ModuleUpdated",
      data: { ...data, fields: rotated, changed: ["authentication"], credentialsChanged: true },
    });
});

test("a stale etag is refused", () => {
  given(createdIn("600"))
    .when(update("Mg=="))
    .rejects("PreconditionFailed", "Precondition failed: Module version did not match, existingVersion:9 newVersion:2");
  given(createdIn("600")).when(remove("Mg==")).rejects("PreconditionFailed", "Precondition failed: Invalid ETag");
});

test("a module is deleted with *, with its etag, and without a precondition", () => {
  const gone: ModuleEvent = { type: "ModuleDeleted", data: { ...target, generationId: "638", at: now } };
  for (const ifMatch of ["*", "OQ==", undefined]) given(createdIn("600")).when(remove(ifMatch)).then(gone);
});
