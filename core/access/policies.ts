/** A right that a shared access policy may hold (IoT Hub docs: control access with shared access signatures). */
export type Right = "RegistryRead" | "RegistryWrite" | "ServiceConnect" | "DeviceConnect";

/** A shared access policy. Its keys are sealed in events and state, and opened only to check a token or to show them. */
export type SharedAccessPolicy = {
  readonly keyName: string;
  readonly rights: readonly Right[];
  readonly primaryKey: string;
  readonly secondaryKey: string;
};

/** Facts about the hub's own access rules, in the stream `hub` / `access`. Keys are sealed. */
export type AccessEvent = {
  readonly type: "SharedAccessPoliciesSet";
  readonly data: { readonly policies: readonly SharedAccessPolicy[]; readonly at: string };
};

/** The five policies that every new hub has, with the rights of IoT Hub's defaults. */
export const defaultPolicies: readonly { readonly keyName: string; readonly rights: readonly Right[] }[] = [
  { keyName: "iothubowner", rights: ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"] },
  { keyName: "service", rights: ["ServiceConnect"] },
  { keyName: "device", rights: ["DeviceConnect"] },
  { keyName: "registryRead", rights: ["RegistryRead"] },
  { keyName: "registryReadWrite", rights: ["RegistryRead", "RegistryWrite"] },
];
