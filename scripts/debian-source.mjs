/** The Debian release whose nats-server is new enough: Debian 13. */
export const suite = "trixie";

const publicMirror = "http://deb.debian.org/debian";

/** @typedef {{ name: string, text: string }} SourceFile an apt source file; `name` ends in `.sources` or `.list` */

/**
 * An apt source (deb822) for `main` of Debian 13, made from the first Debian archive that the machine itself uses, so
 * that its mirror and its key hold; undefined when the machine uses none.
 * @param {readonly SourceFile[]} files
 */
export function sourceFromMachine(files) {
  for (const { name, text } of files) {
    const found = name.endsWith(".sources") ? fromStanzas(text) : fromLines(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * An apt source for Debian's public mirror.
 * @param {string} keyring path of the file that holds Debian's archive keys
 */
export function publicSource(keyring) {
  return stanza([`URIs: ${publicMirror}`, `Signed-By: ${keyring}`]);
}

/** @param {readonly string[]} fields */
function stanza(fields) {
  return `${["Types: deb", `Suites: ${suite}`, "Components: main", ...fields].join("\n")}\n`;
}

/**
 * Whether a source is Debian's main archive: not its security archive, nor someone else's packages for Debian.
 * @param {{ uris: string, suites: string, components: string }} source
 */
function isDebianArchive({ uris, suites, components }) {
  return (
    /debian/.test(uris) &&
    !/debian-security|security\.debian/.test(uris) &&
    /(^|\s)(?:bullseye|bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)(\s|$)/.test(suites) &&
    /(^|\s)main(\s|$)/.test(components)
  );
}

/**
 * Reads deb822: stanzas divided by empty lines, each a list of `Name: value` whose next lines may be indented.
 * @param {string} text
 */
function fromStanzas(text) {
  const uncommented = text.replace(/^#.*\n?/gm, "");
  for (const block of uncommented.split(/\n\s*\n/)) {
    const fields = block.split(/\n(?=\S)/).map((field) => field.trim());
    const value = (/** @type {string} */ name) =>
      fields
        .find((field) => field.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim() ?? "";
    const source = { uris: value("uris"), suites: value("suites"), components: value("components") };
    if (value("enabled").toLowerCase() === "no" || !/\bdeb\b(?!-)/.test(value("types"))) continue;
    if (!isDebianArchive(source)) continue;
    return stanza(fields.filter((field) => field !== "" && !/^(types|suites|components|enabled):/i.test(field)));
  }
  return undefined;
}

const oneLineNames = new Map([
  ["signed-by", "Signed-By"],
  ["arch", "Architectures"],
  ["trusted", "Trusted"],
  ["check-valid-until", "Check-Valid-Until"],
]);

/**
 * Reads the old style, a source a line: `deb [signed-by=/path arch=amd64] uri suite component…`.
 * @param {string} text
 */
function fromLines(text) {
  for (const line of text.split("\n")) {
    const parts = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (parts === null) continue;
    const [, options = "", uris = "", suites = "", components = ""] = parts;
    if (!isDebianArchive({ uris, suites, components })) continue;
    return stanza([`URIs: ${uris}`, ...options.trim().split(/\s+/).flatMap(optionField)]);
  }
  return undefined;
}

/** @param {string} option */
function optionField(option) {
  const [key = "", value = ""] = option.split("=");
  const name = oneLineNames.get(key.toLowerCase());
  return name === undefined ? [] : [`${name}: ${value.replaceAll(",", " ")}`];
}
