import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../../core/hub-error.ts";
import type { Json } from "../../core/json.ts";
import { bodyFault } from "./json-bodies.ts";

/**
 * Compiles a route's schema of path, query or headers into its check: HubError `ArgumentInvalid` names the first member
 * at fault, never its value. Of a body only the outer shape is checked.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart === "body") {
    const type: unknown = "type" in schema ? schema.type : undefined;
    return (body: Json) => outcome(body, bodyFault(type, body));
  }
  const check = Compile(schema);
  return (value: unknown) => {
    if (check.Check(value)) return { value };
    const [fault] = check.Errors(value);
    const where = fault?.instancePath.replace(/^\//, "") ?? "";
    return { error: new HubError("ArgumentInvalid", `${where || httpPart} ${fault?.message ?? "is not valid"}`) };
  };
};

const outcome = (value: unknown, error: HubError | undefined) => (error === undefined ? { value } : { error });
