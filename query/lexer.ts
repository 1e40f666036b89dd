import { createToken, type IToken, Lexer, type TokenType } from "chevrotain";
import type { Span } from "./ast.ts";

/** What may stand behind a dot or AS: names, and those words of the language that cannot be mistaken there. */
export const Segment = createToken({
  name: "Segment",
  pattern: Lexer.NA,
  label: "a name, or a reserved word in [[…]]",
});
/** What a path begins with. */
export const PathStart = createToken({ name: "PathStart", pattern: Lexer.NA, label: "a path" });
export const AdditiveOperator = createToken({ name: "AdditiveOperator", pattern: Lexer.NA, label: "+ or -" });
export const Factor = createToken({ name: "Factor", pattern: Lexer.NA, label: "*, / or %" });

/**
 * Names hold letters, digits, `_` and `$`, and whatever is neither ASCII, white space nor a control. Keys of another form,
 * such as `fake-deployment`, stand in `[[…]]`. (That a hyphen needs it is unconfirmed: it reads as a minus here.)
 */
const beyondAscii =
  "\\u00a1-\\u167f\\u1681-\\u1fff\\u200b-\\u2027\\u202a-\\u202e\\u2030-\\u205e\\u2060-\\u2fff\\u3001-\\ufefe\\uff00-\\uffff";
export const Name = createToken({
  name: "Name",
  pattern: new RegExp(`[A-Za-z_$${beyondAscii}][0-9A-Za-z_$${beyondAscii}]*`),
  categories: [Segment, PathStart],
  label: "a name",
});

/** A step of a path in double brackets: any text without `]]` (spec/query-language 4). */
export const QuotedName = createToken({
  name: "QuotedName",
  pattern: /\[\[(?:[^\]]|\](?!\]))+\]\]/,
  categories: [Segment, PathStart],
});

/** A word of the language in any case. It is no name anywhere: `tags.group` is an error, `tags.[[group]]` is not. */
const reserved = (word: string): TokenType =>
  createToken({ name: word, pattern: new RegExp(word, "i"), longer_alt: Name, label: word });

/**
 * A word of the language in any case that is a name behind a dot or AS. Only `group` is documented as reserved, so words are
 * names wherever that leaves no doubt (unconfirmed).
 */
const word = (text: string): TokenType =>
  createToken({ name: text, pattern: new RegExp(text, "i"), longer_alt: Name, categories: [Segment], label: text });

export const Select = reserved("SELECT");
export const From = reserved("FROM");
export const Where = reserved("WHERE");
export const Group = reserved("GROUP");
export const As = reserved("AS");
export const And = reserved("AND");
export const Or = reserved("OR");
export const Not = reserved("NOT");
export const In = reserved("IN");
export const True = reserved("TRUE");
export const False = reserved("FALSE");
export const Null = reserved("NULL");
export const Undefined = reserved("UNDEFINED");
export const By = word("BY");
export const Nin = word("NIN");
export const Top = word("TOP");
export const Distinct = word("DISTINCT");
export const Like = word("LIKE");
export const Having = word("HAVING");
export const Order = word("ORDER");
export const Asc = word("ASC");
export const Desc = word("DESC");
export const Offset = word("OFFSET");

export const StringLiteral = createToken({
  name: "StringLiteral",
  pattern: /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/,
  line_breaks: true,
  label: "a string",
});
export const NumberLiteral = createToken({
  name: "NumberLiteral",
  pattern: /0x[0-9a-f]+|[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?/i,
  label: "a number",
});
export const ComparisonSign = createToken({
  name: "ComparisonSign",
  pattern: /<=|>=|<>|!=|=|<|>/,
  label: "a comparison",
});
export const Plus = createToken({ name: "Plus", pattern: "+", categories: [AdditiveOperator] });
export const Minus = createToken({ name: "Minus", pattern: "-", categories: [AdditiveOperator], label: "-" });
export const Star = createToken({ name: "Star", pattern: "*", categories: [Factor], label: "*" });
const SlashOrPercent = createToken({ name: "SlashOrPercent", pattern: /[/%]/, categories: [Factor] });
export const LeftParen = createToken({ name: "LeftParen", pattern: "(", label: "'('" });
export const RightParen = createToken({ name: "RightParen", pattern: ")", label: "')'" });
export const LeftBracket = createToken({ name: "LeftBracket", pattern: "[", label: "'['" });
export const RightBracket = createToken({ name: "RightBracket", pattern: "]", label: "']'" });
export const Comma = createToken({ name: "Comma", pattern: ",", label: "','" });
export const Dot = createToken({ name: "Dot", pattern: ".", label: "'.'" });

/**
 * What was opened and never closed takes the rest of the text with it, so that each is looked for once. As tokens that no
 * rule knows, these and what no other pattern takes come to light where the parser meets them.
 */
export const UnclosedString = createToken({ name: "UnclosedString", pattern: /['"][\s\S]*/, line_breaks: true });
export const UnclosedName = createToken({ name: "UnclosedName", pattern: /\[\[[\s\S]*/, line_breaks: true });
export const UnclosedComment = createToken({ name: "UnclosedComment", pattern: /\/\*[\s\S]*/, line_breaks: true });
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is any character, control characters among them
const Stray = createToken({ name: "Stray", pattern: /[\u0000-\uffff]/, line_breaks: true });

const skipped = Lexer.SKIPPED;
const WhiteSpace = createToken({ name: "WhiteSpace", pattern: /\s+/, group: skipped, line_breaks: true });
const Comment = createToken({ name: "Comment", pattern: /\/\*[\s\S]*?\*\//, group: skipped, line_breaks: true });

/** ORDER stands before OR, and ASC before AS: the first that fits is taken. */
const words = [
  [Undefined, Select, Where, Group, Order, False, From, Null, True, And, Not, Or, In],
  [Distinct, Having, Offset, Like, Desc, Asc, Nin, Top, By, As],
].flat();

/** Every kind of token, in the order in which the lexer tries them. */
export const vocabulary: readonly TokenType[] = [
  [WhiteSpace, ...words, Name, NumberLiteral, StringLiteral, UnclosedString, QuotedName, UnclosedName],
  [Comment, UnclosedComment, ComparisonSign, Plus, Minus, Star, SlashOrPercent, LeftParen, RightParen],
  [LeftBracket, RightBracket, Comma, Dot, Stray, Segment, PathStart, AdditiveOperator, Factor],
].flat();

const lexer = new Lexer([...vocabulary], { positionTracking: "onlyOffset", ensureOptimizations: true });

/** Cuts a text into tokens, white space and comments left out. Every text can be cut: faults are tokens too. */
export const tokensOf = (text: string): IToken[] => lexer.tokenize(text).tokens;

/** Where a token stands in its text. */
export const spanOf = ({ startOffset, image }: IToken): Span => ({
  start: startOffset,
  end: startOffset + image.length,
});

/** What a token names: the text itself, or what stands in its double brackets. */
export const nameOf = ({ tokenType, image }: IToken): string => (tokenType === QuotedName ? image.slice(2, -2) : image);
