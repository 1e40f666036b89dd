import swagger from "@fastify/swagger";
import { newestApiVersion } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import {
  Authentication,
  BulkEntry,
  BulkResult,
  Device,
  DeviceWrite,
  Module,
  ModuleWrite,
  RegenerateResult,
} from "./identity-schemas.ts";
import { ErrorBody } from "./schemas.ts";

const description = `A hub that speaks Azure IoT Hub's protocols. Literal parts of a path may be written in any case, ids
keep theirs; a slash at the end is ignored. \`POST\` with \`X-HTTP-Method-Override: PATCH\` is a \`PATCH\`.`;

/** Has \`app\` describe every route that is added from here on. */
export async function describeRoutes(app: HttpApp): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Twinstream", description, version: newestApiVersion },
      servers: [{ url: "/", description: "the hub that this description comes from" }],
      components: {
        securitySchemes: {
          sas: {
            type: "apiKey",
            in: "header",
            name: "Authorization",
            description:
              "`SharedAccessSignature sr=…&sig=…&se=…&skn=…`: signed with a policy's key, or with the device's own",
          },
        },
      },
      security: [{ sas: [] }],
    },
    refResolver: {
      buildLocalReference: ({ $id }, _baseUri, _fragment, index) => (typeof $id === "string" ? $id : `def-${index}`),
    },
  });
  const identities = [
    Authentication,
    Device,
    DeviceWrite,
    Module,
    ModuleWrite,
    BulkEntry,
    BulkResult,
    RegenerateResult,
  ];
  for (const schema of [ErrorBody, ...identities]) app.addSchema(schema);
}
