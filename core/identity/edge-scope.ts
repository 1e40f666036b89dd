const prefix = "ms-azure-iot-edge://";

/** The scope of an IoT Edge device: fixed for its generation (spec/identity-and-security 1.6). */
export const edgeScope = (deviceId: string, generationId: string): string => `${prefix}${deviceId}-${generationId}`;

/**
 * The device that a scope names, if the text has the form of one. The id may hold dashes, the generation holds none.
 */
export function deviceOfScope(scope: string): string | undefined {
  const dash = scope.lastIndexOf("-");
  if (!scope.startsWith(prefix) || dash <= prefix.length) return undefined;
  return scope.slice(prefix.length, dash);
}
