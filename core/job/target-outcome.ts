import type { IdentityKey } from "../actor.ts";
import type { Json } from "../json.ts";

/** What a device answered to a job's call. */
export type MethodResponse = { readonly status: number; readonly payload: Json };

/** Why a job could not be done on a device: the name of an error of IoT Hub, or `OutcomeUnknown`. */
export type TargetError = { readonly code: string; readonly description: string };

/** What became of one target of a job. */
export type TargetOutcome = IdentityKey &
  (
    | { readonly status: "completed"; readonly response?: MethodResponse }
    | { readonly status: "failed"; readonly error: TargetError }
    /** Nothing was done: the job was over before its turn came. */
    | { readonly status: "canceled" }
  );
