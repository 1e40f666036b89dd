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
    const isShown = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    const standard = isShown ? `\`${value}\`` : "";
    const flag = notFlags.includes(name) ? "" : `\`--${flagOf(name)}\``;
    const meaning = `${descriptionOf(name)} (${allowed(name).replaceAll("|", "\\|")})`;
    return [flag, `\`${variableOf(name)}\``, standard, meaning];
  });
  return aligned(["flag", "variable", "default", "meaning"], rows);
}

/** A Markdown table as the formatter leaves it: each column as wide as its widest cell. */
function aligned(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
