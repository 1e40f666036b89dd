import type { DevicePrincipal } from "../../core/access/access.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { errorTable, HubError } from "../../core/hub-error.ts";
import { ConnectRefused } from "./connack.ts";
import { type ConnectDetails, readConnect } from "./connect.ts";
import type { FrameReader } from "./frame-reader.ts";

/** A CONNECT whose sender proved who it is. */
export type Admitted = { readonly details: ConnectDetails; readonly principal: DevicePrincipal };

/**
 * Reads the CONNECT in the reader and has the hub check its token (spec/identity-and-security 5.6). Throws as
 * `readConnect`, and ConnectRefused with 5 whatever the hub found wrong, or with 3 when the hub could not look.
 */
export function admit(reader: FrameReader, { deviceAccess }: Hub): Admitted {
  const details = readConnect(reader);
  const { identity, hostName, token } = details;
  try {
    return { details, principal: deviceAccess.authenticate({ ...identity, hostName, token }) };
  } catch (cause) {
    throw refusedBy(cause);
  }
}

/** The refusal of a CONNECT for an error of the hub. */
export function refusedBy(cause: unknown): ConnectRefused {
  if (!(cause instanceof HubError)) return new ConnectRefused("serverUnavailable", "the hub failed", { cause });
  if (errorTable[cause.reason].retryable) {
    return new ConnectRefused("serverUnavailable", "the hub is not available", { cause });
  }
  return new ConnectRefused("notAuthorized", "the hub did not let the identity in", { cause });
}
