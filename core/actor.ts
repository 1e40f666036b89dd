/** A device, or a module of it. */
export type IdentityKey = { readonly deviceId: string; readonly moduleId?: string };

/**
 * Who caused an event: a back end by its policy, a device or module by itself, or the hub. In the journal it is written
 * as `policy:<name>`, `device:<deviceId>`, `module:<deviceId>/<moduleId>` and `hub:<nodeId>`.
 */
export type Actor =
  | { readonly kind: "policy"; readonly policy: string }
  | ({ readonly kind: "device" } & IdentityKey)
  | { readonly kind: "hub"; readonly nodeId: string };
