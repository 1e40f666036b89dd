import type { Actor, IdentityKey } from "../events.ts";
import type { Right } from "./policies.ts";

/** What a back end's request shows of itself: the `Authorization` header and the path it asks for, undecoded, no query. */
export type ServiceRequest = { readonly authorization: string | undefined; readonly path: string };

/** Lets back ends in. */
export type ServiceAccess = {
  /**
   * Checks a back end's SAS token, its scope and that its policy holds one of `rights`. Returns the actor for the events
   * that follow. Throws HubError `IotHubUnauthorizedAccess` (spec/identity-and-security 5.3, 5.4, 6).
   */
  authorize(request: ServiceRequest, ...rights: readonly Right[]): Actor;
  /**
   * As `authorize`, but also lets a device in with its own key, for the modules of that device: IoT Edge registers its
   * modules this way (spec/identity-and-security 5.4).
   */
  authorizeModules(request: ServiceRequest, deviceId: string, ...rights: readonly Right[]): Actor;
};

/** What a device shows to come in. `hostName` is the name it believes the hub to have, when the protocol carries it. */
export type DeviceCredentials = IdentityKey & {
  readonly hostName?: string;
  /** The SAS token as sent; undefined when none came. */
  readonly token: string | undefined;
};

/** An identity that proved itself. */
export type DevicePrincipal = IdentityKey & {
  readonly generationId: string;
  /** Compact JSON text for `iothub-connection-auth-method`. */
  readonly authMethod: string;
  /** Milliseconds since 1970 after which the hub no longer honours the token, the clock skew it grants included. */
  readonly validUntil: number;
  /** The token's policy, when a policy signed it. */
  readonly policy?: string;
};

/** Lets devices and modules in. */
export type DeviceAccess = {
  /**
   * Checks a SAS token for an identity: signature by one of its keys or by a policy with DeviceConnect, expiry with
   * 5 minutes of skew, scope, and that the device is enabled. Throws HubError `IotHubUnauthorizedAccess`, with one of
   * IoT Hub's texts, never a hint that tells an unknown device from a wrong key.
   */
  authenticate(credentials: DeviceCredentials): DevicePrincipal;
};
