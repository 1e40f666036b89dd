/** Wrong settings. `message` has a line for each fault, naming the setting, the value and what is allowed. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}
