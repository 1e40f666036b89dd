import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { publicSource, sourceFromMachine, suite } from "./debian-source.mjs";
import { cachedServer, isUsable, minimumVersion } from "./nats-server.mjs";
import { cacheFolder, SetupError } from "./project.mjs";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Downloads Debian 13's nats-server into the project's cache, as any user and without touching the machine's own
 * packages: apt works in a folder of its own. The file appears in one rename, so runs side by side do no harm.
 */
export function fetchNatsServer() {
  mkdirSync(dirname(cachedServer), { recursive: true });
  const folder = mkdtempSync(`${cacheFolder}/fetch-`);
  try {
    const config = writeAptConfig(folder);
    run("apt-get", ["-q", "-c", config, "update"], folder);
    run("apt-get", ["-q", "-c", config, "download", "nats-server"], folder);
    unpack(folder, "nats-server_");
    const binary = `${folder}/root/usr/sbin/nats-server`;
    if (!isUsable(binary)) throw new SetupError(`Debian's nats-server is older than ${minimumVersion} or does not run`);
    renameSync(binary, cachedServer);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Writes the configuration that keeps apt inside `folder`; returns its path. It is read after the machine's own, whose
 * proxies stay in force, whose pins and hooks do not.
 * @param {string} folder
 */
function writeAptConfig(folder) {
  for (const name of ["lists/partial", "cache/archives/partial", "sources", "preferences"]) {
    mkdirSync(`${folder}/${name}`, { recursive: true });
  }
  writeFileSync(
    `${folder}/sources/${suite}.sources`,
    sourceFromMachine(machineSources()) ?? publicSource(debianKeys(folder)),
  );
  const settings = {
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": `${folder}/sources`,
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": `${folder}/preferences`,
    "Dir::State::Lists": `${folder}/lists`,
    "Dir::Cache": `${folder}/cache`,
    "APT::Sandbox::User": "root",
    "APT::Default-Release": "",
    "Acquire::Languages": "none",
  };
  const hooks = ["APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success"];
  const lines = [
    ...hooks.map((name) => `#clear ${name};`),
    ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`),
  ];
  writeFileSync(`${folder}/apt.conf`, `${lines.join("\n")}\n`);
  return `${folder}/apt.conf`;
}

/** The machine's apt sources, Debian's own file first. */
function machineSources() {
  const parts = "/etc/apt/sources.list.d";
  const named = existsSync(parts) ? readdirSync(parts).filter((name) => /\.(sources|list)$/.test(name)) : [];
  const paths = [`${parts}/debian.sources`, "/etc/apt/sources.list", ...named.map((name) => `${parts}/${name}`)];
  return paths.filter((path) => existsSync(path)).map((name) => ({ name, text: readFileSync(name, "utf8") }));
}

/**
 * Debian's archive keys. Where they are not installed (Ubuntu), the machine's own signed archive has them as a package.
 * @param {string} folder
 */
function debianKeys(folder) {
  if (existsSync(keyring)) return keyring;
  run("apt-get", ["-q", "download", "debian-archive-keyring"], folder);
  unpack(folder, "debian-archive-keyring_");
  return `${folder}/root${keyring}`;
}

/**
 * @param {string} folder
 * @param {string} prefix of the package's file name
 */
function unpack(folder, prefix) {
  const file = readdirSync(folder).find((name) => name.startsWith(prefix) && name.endsWith(".deb"));
  if (file === undefined) throw new SetupError(`apt-get did not download ${prefix}*.deb`);
  run("dpkg-deb", ["-x", file, "root"], folder);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new SetupError(`${command} ${args.at(-1)} failed: ${stderr.split("\n").join("; ") || String(error)}`);
  }
}
