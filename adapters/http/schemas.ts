import Type, { type TSchema } from "typebox";

const id = (what: string) =>
  Type.String({ minLength: 1, maxLength: 128, description: `${what}; case-sensitive, percent-encoded` });

/** The path of a device. */
export const DeviceParams = Type.Object({ deviceId: id("id of the device") });

/** The path of a module. */
export const ModuleParams = Type.Object({ deviceId: id("id of the device"), moduleId: id("id of the module") });

const apiVersion = Type.Optional(
  Type.String({ description: "any version that an Azure IoT SDK sends; all mean the same here" }),
);

/** The query that every route of the hub takes. */
export const Query = Type.Object({ "api-version": apiVersion });

/** The query of a list. */
export const ListQuery = Type.Object({
  "api-version": apiVersion,
  top: Type.Optional(Type.String({ description: "how many at most; anything outside 1 to 1000 means 1000" })),
});

/** The header of a write that may have a precondition. */
export const IfMatch = Type.Object({
  "if-match": Type.Optional(
    Type.String({
      maxLength: 256,
      description:
        "an etag, or `*` for whatever there is, with or without double quotes. A PUT of a device or module without it creates",
    }),
  ),
});

/** Text or null. */
export const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** A count of things. */
export const Count = Type.Integer({ minimum: 0 });

/** Free JSON under the caller's own keys. */
export const FreeObject = Type.Record(Type.String(), Type.Unknown());

/** Every error (spec/http-api 11.1, form A). */
export const ErrorBody = Type.Object(
  {
    Message: Type.String({
      description: "`ErrorCode:<name>;<text>`; the name stands in the header `iothub-errorcode` too",
    }),
    ExceptionMessage: Type.String({ description: "`Tracking ID:<32 hex digits>-G:0-TimeStamp:<MM/dd/yyyy HH:mm:ss>`" }),
  },
  { $id: "Error", description: "The hub's answer to a request that it does not fulfil" },
);

const errorAnswer = {
  description: "The request is not fulfilled",
  headers: { "iothub-errorcode": { type: "string", description: "IoT Hub's name of the error" } },
  content: { "application/json": { schema: Type.Ref("Error#") } },
} as const;

/** The answers of a route: its own and the errors that every route may give. */
export const answers = <Own extends Record<number, object>>(own: Own) => ({
  ...own,
  "4xx": errorAnswer,
  "5xx": errorAnswer,
});

/** An answer without a body. */
export const Nothing = Type.Null({ description: "Done" });

type AnswerOptions = { readonly description: string; readonly headers?: Readonly<Record<string, object>> };

/** An answer with a JSON body. It describes; what is sent is not cut to it. */
export const jsonAnswer = (schema: TSchema, options: AnswerOptions) => ({
  ...options,
  content: { "application/json": { schema } },
});

/** The quoted etag that device identities carry as a header (spec/http-api 1.5). */
export const etagHeader = { etag: { type: "string", description: "the etag, in double quotes" } };
