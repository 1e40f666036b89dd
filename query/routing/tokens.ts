import { createToken, Lexer } from "chevrotain";

// Characters that end a name are those that IoT Hub does not allow in one (spec/query-language 14). Hence `a+b`, `3-4`
// and `x||y` are names as a whole, and `p!='v'` reads the name `p!`: whatever is longer when read as a name is a name.

/** An application property, a function, or a prefix of either. */
export const Name = createToken({ name: "Name", pattern: /[^()<>@,;:\\"/[\]?={} \t\r\n]+/, label: "a name" });

/** `$name`, `$body.path`, `$twin.path`. Brackets may be in it: which paths are good is found out later. */
export const Reference = createToken({ name: "Reference", pattern: /\$[^()<>@,;:\\"/?={} \t\r\n]+/, label: "'$name'" });

const orName = (name: string, pattern: RegExp) => createToken({ name, pattern, longer_alt: Name });

/** Every operator between two operands is one, the words too. */
export const Operator = createToken({
  name: "Operator",
  pattern: /\|\||\?\?|!=|<>|<=|>=|[=<>+*/%]/,
  longer_alt: Name,
  label: "an operator",
});
const logical = (name: string, pattern: RegExp) =>
  createToken({ name, pattern, longer_alt: Name, categories: Operator });
const And = logical("And", /and/i);
const Or = logical("Or", /or/i);
export const Minus = logical("Minus", /-/);
export const Not = orName("Not", /not/i);

/** Constants of one word, in small letters only: `TRUE` is a name. */
export const Word = orName("Word", /true|false|null|undefined/);
/** Its sign belongs to it, so that `3 -4` is two numbers, as in IoT Hub. */
export const Decimal = orName("Decimal", /-?(?:\d*\.\d+(?:e[+-]?\d+)?|\d+(?:e[+-]?\d+)?)/i);
export const Hexadecimal = orName("Hexadecimal", /0x[\da-f]+/i);
export const Text = createToken({
  name: "Text",
  pattern: /'[^'\\]*(?:\\(?:["'\\]|u[\da-fA-F]{4})[^'\\]*)*'|"[^"\\]*(?:\\(?:["'\\]|u[\da-fA-F]{4})[^"\\]*)*"/,
});

export const LeftParenthesis = createToken({ name: "LeftParenthesis", pattern: /\(/, label: "'('" });
export const RightParenthesis = createToken({ name: "RightParenthesis", pattern: /\)/, label: "')'" });
export const Comma = createToken({ name: "Comma", pattern: /,/, label: "','" });
export const LeftBrace = createToken({ name: "LeftBrace", pattern: /\{/, label: "'{'" });
export const RightBrace = createToken({ name: "RightBrace", pattern: /\}/, label: "'}'" });

const Blank = createToken({ name: "Blank", pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED });
const Comment = createToken({ name: "Comment", pattern: /\/\*[\s\S]*?\*\//, group: Lexer.SKIPPED });

/** These take what is left of the text, so that no text is looked through twice for an end that is not there. */
export const UnclosedComment = createToken({ name: "UnclosedComment", pattern: /\/\*[\s\S]*/ });
export const UnclosedText = createToken({ name: "UnclosedText", pattern: /['"][\s\S]*/ });
/** Any character that begins nothing else. */
export const Unknown = createToken({ name: "Unknown", pattern: /[\s\S]/ });

/** In the order in which the lexer tries them. */
export const vocabulary = [
  Blank,
  Comment,
  UnclosedComment,
  Text,
  UnclosedText,
  Hexadecimal,
  Decimal,
  Minus,
  Operator,
  And,
  Or,
  Not,
  Word,
  Reference,
  Name,
  LeftParenthesis,
  RightParenthesis,
  Comma,
  LeftBrace,
  RightBrace,
  Unknown,
];
