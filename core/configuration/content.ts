import { utf8Length } from "../device-to-cloud/size.ts";
import { HubError } from "../hub-error.ts";
import { anyMember, type Members, membersOf } from "../identity/members.ts";
import { isId } from "../identity/parse-identity.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { checkSectionInput } from "../twin/limits.ts";
import { setMember } from "../twin/members.ts";
import { applyMergePatch } from "../twin/merge.ts";
import { checkSize } from "../twin/section-size.ts";
import type { ConfigurationContent, ContentKind } from "./configuration.ts";
import { maxContentBytes } from "./limits.ts";
import { mergeParts } from "./merge-parts.ts";
import { partsOf, stepsOf } from "./parts.ts";

const root = "properties.desired";

const kinds: readonly ContentKind[] = ["deviceContent", "moduleContent", "modulesContent"];

/**
 * Reads a configuration's content: one of the three kinds, whose paths and values could be written to a twin. That there is
 * exactly one kind, and that it is checked as a write would be, are unconfirmed. Other members are ignored, as clients leave
 * a `$schema` there. Throws HubError `InvalidConfigurationContent`.
 */
export function parseContent(input: Json | undefined): ConfigurationContent {
  if (!isJsonObject(input)) throw invalid("The content of a configuration must be a JSON object");
  const given = membersOf(input);
  const [kind, ...others] = kinds.filter((each) => (anyMember(given, each) ?? null) !== null);
  if (kind === undefined || others.length > 0) throw invalid(`A configuration has one of ${kinds.join(", ")}`);
  const members = contentMembers(given, kind);
  if (utf8Length(JSON.stringify(members)) > maxContentBytes) {
    throw invalid(`The content of a configuration may have ${maxContentBytes} bytes at most`);
  }
  if (kind === "modulesContent") checkModules(members);
  else checkParts(members);
  return { kind, members };
}

function contentMembers(given: Members, kind: ContentKind): JsonObject {
  const members = anyMember(given, kind);
  if (!isJsonObject(members)) throw invalid(`${kind} must be a JSON object`);
  return members;
}

function checkModules(modules: JsonObject): void {
  for (const [moduleId, members] of Object.entries(modules)) {
    if (!isId(moduleId)) throw invalid("The id of a module in the content is not valid");
    if (!isJsonObject(members)) throw invalid(`The content of the module ${moduleId} must be a JSON object`);
    checkParts(members);
  }
}

/** Checks the paths and what the values make together. */
function checkParts(members: JsonObject): void {
  let together: JsonObject = {};
  for (const [key, value] of Object.entries(members)) {
    if (key !== root && !key.startsWith(`${root}.`)) throw invalid(`Paths in the content begin with ${root}`);
    if (key === root && !isJsonObject(value)) throw invalid(`${root} must be a JSON object`);
    const nested = inside(stepsOf(key), value);
    together = applyMergePatch(
      together,
      refusing(() => checkSectionInput(nested, "remove")),
    );
  }
  refusing(() => checkSize("desired", {}, together));
  const { refused } = mergeParts([{ author: { configurationId: "", digest: "" }, parts: partsOf(members) }]);
  if (refused > 0) throw invalid("Two paths in the content are about the same property");
}

function inside(path: readonly string[], value: Json): JsonObject {
  let nested = value;
  for (const step of path.toReversed()) {
    const around = {};
    setMember(around, step, nested);
    nested = around;
  }
  // Only the whole section has no step around it, and that was found to be an object.
  return nested as JsonObject;
}

/** A content is wrong in its own way, by the text of what a write would be refused with. */
function refusing<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof HubError)
      throw new HubError("InvalidConfigurationContent", error.message, {}, { cause: error });
    throw error;
  }
}

const invalid = (text: string): HubError => new HubError("InvalidConfigurationContent", text);
