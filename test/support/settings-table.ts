import {
  allowed,
  defaultOf,
  descriptionOf,
  flagOf,
  settingNames,
  variableOf,
} from "../../adapters/settings/read-settings.ts";
import { notFlags } from "../../adapters/settings/schema.ts";

/** The reference of the settings as a Markdown table, made from their schema. */
export function settingsTable(): string {
  const rows = settingNames.map((name) => {
    const value = defaultOf(name);
    const standard = typeof value === "string" || typeof value === "number" ? `\`${value}\`` : "";
    const flag = notFlags.includes(name) ? "" : `\`--${flagOf(name)}\``;
    const meaning = `${descriptionOf(name)} (${allowed(name).replaceAll("|", "\\|")})`;
    return `| ${flag} | \`${variableOf(name)}\` | ${standard} | ${meaning} |`;
  });
  return ["| flag | variable | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
