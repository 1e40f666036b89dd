import Type, { type Static } from "typebox";
import { groupNamePattern, mostGroups } from "../../core/consumer-group/consumer-group.ts";

const port = (description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, description: `${description}; 0 means any free one` });

/**
 * Every setting of a hub: its range, its default and what it is for. A setting `dataFolder` is the flag `--data-folder`,
 * the environment variable `TWINSTREAM_DATA_FOLDER` and the member `dataFolder` of the settings file, unless
 * `settingNames` says otherwise. The reference in the README is made from this schema.
 */
export const Settings = Type.Object(
  {
    data: Type.String({
      minLength: 1,
      default: ".twinstream",
      description: "folder that holds everything the hub keeps: journal, views, keys, certificates",
    }),
    hub: Type.String({
      pattern: "^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$",
      default: "twinstream",
      description:
        "the hub's name: prefix of its NATS streams and subjects; small letters, digits and hyphens, 50 at most",
    }),
    host: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9.:-]{1,253}$",
        description:
          "a name or address that devices and back ends reach the hub by, besides localhost and the machine's name",
      }),
    ),
    bind: Type.Optional(
      Type.String({ minLength: 1, description: "the address to listen on; all addresses of the machine when not set" }),
    ),
    httpsPort: Type.Optional(port("HTTPS port; when not set 443, or 8443 where 443 is not permitted or taken")),
    mqttsPort: Type.Integer({ ...port("port of MQTT over TLS"), default: 8883 }),
    amqpsPort: Type.Integer({ ...port("port of AMQP over TLS"), default: 5671 }),
    mqttPort: Type.Optional(port("port of MQTT without TLS, for a hub behind a TLS terminator; off when not set")),
    natsUrl: Type.Optional(
      Type.String({
        pattern: "^(nats|tls)://.+",
        description: "NATS server or cluster to use in place of an embedded one; several are separated by commas",
      }),
    ),
    natsCreds: Type.Optional(Type.String({ minLength: 1, description: "credentials file for that NATS" })),
    natsCa: Type.Optional(
      Type.String({ minLength: 1, description: "PEM file of the CA that signed that NATS's certificate" }),
    ),
    durability: Type.Union([Type.Literal("interval"), Type.Literal("always")], {
      default: "interval",
      description: "when the embedded NATS syncs its files to disk: at an interval, or at every write",
    }),
    syncIntervalMs: Type.Integer({
      minimum: 10,
      maximum: 120_000,
      default: 1000,
      description: "that interval, in milliseconds",
    }),
    partitions: Type.Integer({
      minimum: 1,
      maximum: 128,
      default: 4,
      description: "telemetry partitions; fixed when the hub is created",
    }),
    retentionDays: Type.Integer({
      minimum: 0,
      maximum: 7,
      default: 1,
      description: "days that telemetry is kept, 1 to 7; 0 keeps it for ever",
    }),
    consumerGroups: Type.Array(Type.String({ pattern: groupNamePattern }), {
      // One of them is $Default, which is always there.
      maxItems: mostGroups - 1,
      default: [],
      description: "consumer groups of the built-in endpoint that are created at the start, where they are not there",
    }),
    storageConnectionString: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "connection string of the Azure storage account that devices upload files to; Azurite in the data folder when not set",
      }),
    ),
    storageContainer: Type.String({
      // Azure docs: naming containers. 3 to 63 small letters, digits and hyphens that stand alone between others.
      pattern: "^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$",
      default: "uploads",
      description: "its container for them, which is made if it is missing",
    }),
    storagePort: Type.Integer({ ...port("port of that Azurite, which devices upload to"), default: 10_000 }),
    configurationIntervalSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: 300,
      description:
        "seconds between two passes of automatic configurations over their twins; a changed configuration is applied at once",
    }),
    strictQueries: Type.Boolean({
      default: false,
      description: "refuses what the hub's query language has beyond IoT Hub's",
    }),
    tlsCert: Type.Optional(Type.String({ minLength: 1, description: "PEM file of your own certificate chain" })),
    tlsKey: Type.Optional(Type.String({ minLength: 1, description: "PEM file of that certificate's private key" })),
    masterKey: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9+/]{43}=$",
        description: "base64 of the 32 bytes that seal secrets; a file in the data folder when not set",
      }),
    ),
    natsServer: Type.Optional(Type.String({ minLength: 1, description: "path of the nats-server program to embed" })),
    faultInjection: Type.Boolean({
      default: false,
      description:
        "lets a device break its own connection and telemetry by message properties (AzIoTHub_FaultOperation…), for tests",
    }),
    logLevel: Type.Union(
      [
        Type.Literal("fatal"),
        Type.Literal("error"),
        Type.Literal("warn"),
        Type.Literal("info"),
        Type.Literal("debug"),
        Type.Literal("trace"),
        Type.Literal("silent"),
      ],
      { default: "info", description: "what is logged to standard error" },
    ),
  },
  { additionalProperties: false },
);

/** Checked settings, defaults filled in. */
export type Settings = Static<typeof Settings>;

/** The name of a setting. */
export type SettingName = keyof Settings;

/** Environment variables that are named otherwise than by the rule: what the field's tools call them. */
export const environmentNames: Partial<Record<SettingName, string>> = { natsUrl: "NATS_URL" };

/** Settings that must not stand on a command line, where every user of the machine can read them. */
export const notFlags: readonly SettingName[] = ["masterKey", "storageConnectionString"];

/** Settings whose value a message must not repeat. */
export const secretSettings: readonly SettingName[] = ["masterKey", "natsUrl", "storageConnectionString"];
