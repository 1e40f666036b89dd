import { unitsAt } from "./code-points.ts";

/** One step of a pattern: a character to be met, any one character, or any text. */
type Step = number | "one" | "any";

/**
 * Compiles the pattern of a LIKE: `%` stands for any text, the empty one too, `_` for one character (a code point), `\` takes
 * the next character as it is, and at the end stands for itself. Case matters and the whole text must match. No pattern
 * takes longer than its own length times the text's.
 */
export function compileLike(pattern: string): (text: string) => boolean {
  const steps = stepsOf(pattern);
  return (text) => matches(steps, text);
}

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === "\\") {
      escaped = true;
      continue;
    }
    if (!escaped && character === "%") {
      if (steps.at(-1) !== "any") steps.push("any");
    } else steps.push(!escaped && character === "_" ? "one" : codeOf(character));
    escaped = false;
  }
  if (escaped) steps.push(codeOf("\\"));
  return steps;
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;

/** Only the last `%` met may have to take more of the text: what an earlier one took is settled by then. */
function matches(steps: readonly Step[], text: string): boolean {
  let [step, index] = [0, 0];
  let [afterAny, resumeAt] = [-1, 0];
  while (index < text.length) {
    const wanted = steps[step];
    if (wanted === "any") {
      step += 1;
      [afterAny, resumeAt] = [step, index];
    } else if (wanted === "one" || wanted === text.codePointAt(index)) {
      step += 1;
      index += unitsAt(text, index);
    } else if (afterAny >= 0) {
      resumeAt += unitsAt(text, resumeAt);
      [step, index] = [afterAny, resumeAt];
    } else return false;
  }
  if (steps[step] === "any") step += 1;
  return step === steps.length;
}
