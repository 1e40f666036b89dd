import { decodedOr } from "../../core/access/audience.ts";
import { unauthorized } from "../../core/access/sas-token.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { PutToken } from "./token-table.ts";

/** What a client proved by SASL PLAIN: a token, and the path below the hub's name that it is for. */
export type PlainProof = { readonly segments: readonly string[]; readonly put: PutToken };

/** What SASL is made of. */
export type SaslOptions = {
  readonly hub: Hub;
  /** The client showed a token: the connection lasts no longer than it. */
  readonly onPlain: (proof: PlainProof) => void;
  /** The client's PLAIN was refused. It gets its outcome once this returns. */
  readonly onRefused: (error: HubError) => void;
};

/** A mechanism as rhea drives one on the server's side: `outcome` tells whether the client is in. */
type Mechanism = {
  outcome: boolean | undefined;
  username: string | undefined;
  start(response: Buffer | null | undefined): void;
};

/**
 * The mechanisms that the hub offers. ANONYMOUS and MSSBCBS, which the C SDK asks for, prove nothing: tokens follow over
 * `$cbs`. The list of IoT Hub itself is unconfirmed (spec/amqp 2). EXTERNAL is not offered, as devices with certificates
 * come without SASL.
 */
export function saslMechanisms(options: SaslOptions): Readonly<Record<string, () => Mechanism>> {
  return {
    PLAIN: () => plain(options),
    ANONYMOUS: anonymous,
    MSSBCBS: anonymous,
  };
}

const anonymous = (): Mechanism => ({
  outcome: undefined,
  username: undefined,
  start() {
    this.outcome = true;
  },
});

const plain = ({ hub, onPlain, onRefused }: SaslOptions): Mechanism => ({
  outcome: undefined,
  username: undefined,
  start(response) {
    try {
      const [, user = "", token = ""] = (response ?? Buffer.alloc(0)).toString("utf8").split("\0");
      onPlain(prove(hub, user, token));
      this.outcome = true;
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      onRefused(error);
      this.outcome = false;
    }
  },
});

/**
 * Checks `<policy>@sas.root.<hub>`, `<device>@sas.<hub>` or `<device>/modules/<module>@sas.<hub>` with a token for its
 * password. The part after `@` says which kind it is; which hub is meant shows in the token (spec/amqp 2).
 */
function prove(hub: Hub, user: string, token: string): PlainProof {
  const at = user.lastIndexOf("@");
  const [name, realm] = at < 0 ? [user, ""] : [user.slice(0, at), user.slice(at + 1).toLowerCase()];
  if (realm.startsWith("sas.root.")) {
    const { policy, validUntil } = hub.serviceAccess.admit(token);
    if (policy !== name) throw unauthorized("The token is another policy's than the user name says");
    return { segments: [], put: { token, validUntil } };
  }
  const [deviceId = "", modules, moduleId] = decodedOr(name).split("/");
  const isModule = modules?.toLowerCase() === "modules" && moduleId !== undefined;
  const { validUntil } = hub.deviceAccess.authenticate({ deviceId, ...(isModule ? { moduleId } : {}), token });
  const segments = isModule ? ["devices", deviceId, "modules", moduleId] : ["devices", deviceId];
  return { segments, put: { token, validUntil } };
}
