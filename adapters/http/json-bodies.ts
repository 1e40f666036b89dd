import { HubError } from "../../core/hub-error.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpApp } from "./http-types.ts";
import { parseJson } from "./json-text.ts";

/** The largest JSON body but for a bulk call: a twin with all its sections full is a tenth of it. */
const maxJsonBytes = 1_048_576;

const jsonMediaType = /^\s*(?:application\/(?:json|[\w.+-]+\+json)|text\/json)\s*(?:;|$)/i;

/**
 * Makes `app` read bodies as JSON. A body without a content type counts as JSON; an empty one is no body at all, which
 * the Java SDK announces as JSON even on a GET (spec/http-api 1.3).
 */
export function readJsonBodies(app: HttpApp): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>("*", { parseAs: "buffer", bodyLimit: maxJsonBytes }, (request, bytes, done) => {
    const contentType = request.headers["content-type"];
    if (bytes.byteLength === 0) done(null, undefined);
    else if (contentType !== undefined && !jsonMediaType.test(contentType)) done(notJson());
    else done(null, parseJson(bytes));
  });
}

const notJson = () => new HubError("GenericUnsupportedMediaType", "The content type must be application/json");

/**
 * Checks that a body is the array or the object its schema asks for. Its members are for core to judge, by the rules
 * that hold for every protocol; clients echo whole documents back, so none is refused for being unknown. Returns the
 * fault, if any.
 */
export function bodyFault(schemaType: unknown, body: Json | undefined): HubError | undefined {
  if (body === undefined || body === null) return new HubError("ArgumentNull", "The request needs a body");
  if (schemaType === "array") {
    return Array.isArray(body) ? undefined : new HubError("IotHubFormatError", "The request body must be a JSON array");
  }
  return isJsonObject(body) ? undefined : new HubError("IotHubFormatError", "The request body must be a JSON object");
}
