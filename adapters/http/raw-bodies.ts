import type { HttpApp } from "./http-types.ts";
import { validatorCompiler } from "./validation.ts";

/**
 * Makes `scope` take bodies as they are, whatever their sender calls them; the schemas of its bodies are for the reader
 * alone. `maxBytes` is the most that is read.
 */
export function readRawBodies(scope: HttpApp, maxBytes: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: maxBytes }, (_request, bytes, done) =>
    done(null, bytes),
  );
  scope.setValidatorCompiler((part) =>
    part.httpPart === "body" ? (value: unknown) => ({ value }) : validatorCompiler(part),
  );
}

/** The bytes of a body that came through `readRawBodies`; none for an empty one. */
export const bytesOf = (body: unknown): Uint8Array => (body instanceof Uint8Array ? body : new Uint8Array());
