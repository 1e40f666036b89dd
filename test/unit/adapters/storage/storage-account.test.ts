import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConnectionString } from "../../../../adapters/storage/storage-account.ts";

const key = "c2VjcmV0IGtleQ==";

test("a connection string of the portal names account, key and address", () => {
  const text = `DefaultEndpointsProtocol=https;AccountName=acme1;AccountKey=${key};EndpointSuffix=core.windows.net`;
  assert.deepEqual(parseConnectionString(text), {
    name: "acme1",
    key,
    endpoint: "https://acme1.blob.core.windows.net",
  });
});

test("names may have any case, and what is left out has Azure's own value", () => {
  const { endpoint } = parseConnectionString(`accountname=acme1; ACCOUNTKEY=${key};`);
  assert.equal(endpoint, "https://acme1.blob.core.windows.net");
  const china = parseConnectionString(`AccountName=acme1;AccountKey=${key};EndpointSuffix=core.chinacloudapi.cn`);
  assert.equal(china.endpoint, "https://acme1.blob.core.chinacloudapi.cn");
});

test("an address of its own, with a path, is kept without its last slash", () => {
  const text = `AccountName=dev1;AccountKey=${key};BlobEndpoint=https://localhost:10000/dev1/`;
  assert.equal(parseConnectionString(text).endpoint, "https://localhost:10000/dev1");
});

test("what can't serve devices is refused without repeating it", () => {
  const texts: readonly (readonly [string, RegExp])[] = [
    ["", /AccountName/],
    [`AccountKey=${key}`, /AccountName/],
    [`AccountName=Acme_1;AccountKey=${key}`, /AccountName/],
    ["AccountName=acme1", /AccountKey/],
    ["AccountName=acme1;SharedAccessSignature=sv=s3cret", /AccountKey/],
    ["AccountName=acme1;AccountKey=s3cret!", /AccountKey/],
    ["UseDevelopmentStorage=true", /AccountName/],
    [`DefaultEndpointsProtocol=http;AccountName=acme1;AccountKey=${key}`, /https/],
    [`AccountName=acme1;AccountKey=${key};BlobEndpoint=http://localhost:10000/acme1`, /https/],
    [`AccountName=acme1;AccountKey=${key};BlobEndpoint=https://acme1.example?sig=s3cret`, /https/],
    [`AccountName=acme1;AccountKey=${key};BlobEndpoint=nonsense`, /https/],
  ];
  for (const [text, reason] of texts) {
    assert.throws(
      () => parseConnectionString(text),
      ({ message }: Error) => reason.test(message) && !/s3cret|c2Vj/.test(message),
      text,
    );
  }
});
