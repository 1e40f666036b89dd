import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuery } from "../../../query/parse-query.ts";
import { QueryError } from "../../../query/query-error.ts";

/** What is wrong with a text, without the `Line 1:` that all messages here begin with. */
function faultOf(text: string, strict: boolean): string {
  try {
    parseQuery(text, { strict });
    return "none";
  } catch (error) {
    assert.ok(error instanceof QueryError);
    const { message, line, column, start, end } = error;
    assert.equal(message.startsWith(`Line ${line}:${column} `), true);
    assert.ok(start >= 0 && start <= end && end <= text.length);
    return message.slice("Line 1:".length);
  }
}

const known = "IS_DEFINED, STARTSWITH or ARRAY_CONTAINS";
const collections = "devices, devices.modules or devices.jobs";
const afterFrom = { strict: "WHERE, GROUP BY or the end", lax: "WHERE, GROUP BY, ORDER BY, OFFSET or the end" };
const afterWhere = {
  strict: "an operator, GROUP BY or the end",
  lax: "an operator, GROUP BY, ORDER BY, OFFSET or the end",
};
const segment = "a name, or a reserved word in [[…]]";
const extension = (name: string) => `unexpected ${name}: IoT Hub has none, and queries here are held to its language`;

/** A text and its fault; where they differ, under the strict setting and without it. */
type Case = readonly [text: string, fault: string | { readonly strict: string; readonly lax: string }];
const after = (place: string, { strict, lax }: typeof afterFrom) => ({
  strict: `${place}: expected ${strict}`,
  lax: `${place}: expected ${lax}`,
});

// spec/query-language D; 12
const appendix: readonly Case[] = [
  ["SELECT * FROM devices WHERE STARTS_WITH(deviceId, 'test')", `29 unknown function 'STARTS_WITH': expected ${known}`],
  ["SELECT * FROM devices WHERE CONTAINS(deviceId,'x')", `29 unknown function 'CONTAINS': expected ${known}`],
  ["SELECT * FROM devices WHERE tags.group.region = 'US'", `34 unexpected 'group': expected ${segment}`],
  ["SELECT * FROM devices WHERE deviceId IN ('a','b')", "41 unexpected '(': expected '['"],
  ["SELECT * FROM devices ORDER BY deviceId", { strict: `23 ${extension("ORDER BY")}`, lax: "none" }],
  ["SELECT DISTINCT status FROM devices", { strict: `8 ${extension("DISTINCT")}`, lax: "none" }],
  ["SELECT * FROM c WHERE a = 1", `15 unexpected 'c': expected ${collections}`],
  ["SELECT jobId FROM devices.jobs", "8 unexpected 'jobId': expected '*', for devices.jobs gives whole rows"],
  [
    "SELECT COUNT() AS n FROM devices.jobs",
    "8 unexpected 'COUNT() AS n': expected '*', for devices.jobs gives whole rows",
  ],
  ["SELECT * FROM devices d JOIN devices.modules m", after("23 unexpected 'd'", afterFrom)],
  ["SELECT * FROM devices WHERE a LIKE 'x%'", { strict: `31 ${extension("LIKE")}`, lax: "none" }],
  ["SELECT a, COUNT() n FROM devices GROUP BY a HAVING n > 1", { strict: `45 ${extension("HAVING")}`, lax: "none" }],
  ["SELECT * FROM devices OFFSET 5", { strict: `23 ${extension("OFFSET")}`, lax: "none" }],
  [
    "SELECT tags.a FROM devices.modules GROUP BY tags.a",
    { strict: "36 unexpected GROUP BY on devices.modules: expected it on devices only", lax: "none" },
  ],
  [
    "SELECT a, COUNT() FROM devices GROUP BY a, b",
    {
      strict: "42 unexpected ',': expected the end",
      lax: "42 unexpected ',': expected HAVING, ORDER BY, OFFSET or the end",
    },
  ],
  ["SELECT COUNT(*) FROM devices", "14 unexpected '*': expected ')', for COUNT takes no argument"],
  ["SELECT COUNT(1) FROM devices", "14 unexpected '1': expected ')', for COUNT takes no argument"],
  ["SELECT COUNT(DISTINCT a) FROM devices", "14 unexpected 'DISTINCT': expected ')', for COUNT takes no argument"],
  ["SELECT a + 1 FROM devices", "10 unexpected '+': expected FROM"],
  ["SELECT LOWER(a) FROM devices", "8 unexpected 'LOWER': expected COUNT, AVG, SUM, MIN or MAX"],
  ["SELECT * FROM devices WHERE a = (SELECT * FROM devices)", "34 unexpected 'SELECT': expected a value"],
  ["UPDATE devices SET a = 1", "1 unexpected 'UPDATE': expected SELECT"],
  ["SELECT * FROM devices; DROP TABLE twins", after("22 unexpected ';'", afterFrom)],
];

// spec/query-language 4
const forms: readonly Case[] = [
  ["", "1 unexpected end: expected SELECT"],
  ["  /* nothing */ ", "17 unexpected end: expected SELECT"],
  ["SELECT", "7 unexpected end: expected '*' or columns"],
  ["SELECT *", "9 unexpected end: expected FROM"],
  ["SELECT * FROM", `14 unexpected end: expected ${collections}`],
  ["SELECT * FROM devices.twins", `15 unexpected 'devices.twins': expected ${collections}`],
  ["SELECT * FROM [[devices]]", `15 unexpected '[[devices]]': expected ${collections}`],
  ["SELECT * FROM devices WHERE", "28 unexpected end: expected a condition"],
  ["SELECT * FROM devices WHERE AND", "29 unexpected 'AND': expected a condition"],
  ["SELECT * FROM devices WHERE a OR", "33 unexpected end: expected a condition"],
  ["SELECT * FROM devices WHERE a =", "32 unexpected end: expected a value"],
  ["SELECT * FROM devices WHERE a == 1", "32 unexpected '=': expected a value"],
  ["SELECT * FROM devices WHERE a = NOT b", "33 unexpected 'NOT': expected a value"],
  ["SELECT * FROM devices WHERE a = 1 = 2", after("35 unexpected '='", afterWhere)],
  [
    "SELECT * FROM devices WHERE a NOT 1",
    { strict: "35 unexpected '1': expected IN", lax: "35 unexpected '1': expected IN or LIKE" },
  ],
  ["SELECT * FROM devices WHERE (a = 1", "35 unexpected end: expected an operator or ')'"],
  ["SELECT * FROM devices WHERE ()", "30 unexpected ')': expected a value"],
  ["SELECT * FROM devices WHERE a = 1)", after("34 unexpected ')'", afterWhere)],
  ["SELECT * FROM devices WHERE a && b", after("31 unexpected '&'", afterWhere)],
  ["SELECT * FROM devices WHERE a || b", after("31 unexpected '|'", afterWhere)],
  ["SELECT * FROM devices WHERE a IS NULL", after("31 unexpected 'IS'", afterWhere)],
  ["SELECT * FROM devices WHERE tags.a[0] = 1", after("35 unexpected '['", afterWhere)],
  ["SELECT * FROM devices WHERE tags. = 1", `35 unexpected '=': expected ${segment}`],
  ["SELECT * FROM devices WHERE tags..a = 1", `34 unexpected '.': expected ${segment}`],
  ["SELECT * FROM devices WHERE tags.1a = 1", `34 unexpected '1': expected ${segment}`],
  [
    "SELECT * FROM devices WHERE a LIKE b",
    { strict: `31 ${extension("LIKE")}`, lax: "36 unexpected 'b': expected a string" },
  ],
  ["SELECT * FROM devices WHERE a IN 1", "34 unexpected '1': expected '['"],
  ["SELECT * FROM devices WHERE a IN [b]", "35 unexpected 'b': expected a constant or ']'"],
  ["SELECT * FROM devices WHERE a IN [1,]", "37 unexpected ']': expected a constant"],
  ["SELECT * FROM devices WHERE a IN [1 2]", "37 unexpected '2': expected ',' or ']'"],
  ["SELECT * FROM devices WHERE a IN [-'x']", "36 unexpected ''x'': expected a number"],
  ["SELECT * FROM devices WHERE IS_DEFINED(a", "41 unexpected end: expected an operator, ',' or ')'"],
  ["SELECT * FROM devices WHERE IS_DEFINED(", "40 unexpected end: expected a value or ')'"],
  ["SELECT deviceId AS FROM devices", `20 unexpected 'FROM': expected ${segment}`],
  ["SELECT deviceId, FROM devices", "18 unexpected 'FROM': expected a path or an aggregate"],
  ["SELECT *, deviceId FROM devices", "9 unexpected ',': expected FROM"],
  ["SELECT TOP * FROM devices", "12 unexpected '*': expected a whole number"],
  ["SELECT TOP 1.5 * FROM devices", "12 unexpected '1.5': expected a whole number below 2^53"],
  [
    "SELECT TOP 9007199254740992 * FROM devices",
    "12 unexpected '9007199254740992': expected a whole number below 2^53",
  ],
  ["SELECT TOP 0x5 * FROM devices", "12 unexpected '0x5': expected a whole number below 2^53"],
  ["SELECT AVG() FROM devices", "12 unexpected ')': expected a path"],
  ["SELECT AVG(5) FROM devices", "12 unexpected '5': expected a path"],
  ["SELECT AVG(a + 1) FROM devices", "14 unexpected '+': expected ')'"],
  ["SELECT a FROM devices GROUP a", "29 unexpected 'a': expected BY"],
  [
    "SELECT DISTINCT * FROM devices",
    { strict: `8 ${extension("DISTINCT")}`, lax: "17 unexpected '*': expected columns" },
  ],
  [
    "SELECT * FROM devices ORDER BY a,",
    { strict: `23 ${extension("ORDER BY")}`, lax: "34 unexpected end: expected a path or an aggregate" },
  ],
  [
    "SELECT * FROM devices ORDER BY a b",
    { strict: `23 ${extension("ORDER BY")}`, lax: "34 unexpected 'b': expected ',', OFFSET or the end" },
  ],
  [
    "SELECT * FROM devices OFFSET 5 OFFSET 5",
    { strict: `23 ${extension("OFFSET")}`, lax: "32 unexpected 'OFFSET': expected the end" },
  ],
];

// spec/query-language 4: constants, names and comments
const pieces: readonly Case[] = [
  ["SELECT * FROM devices WHERE a = 'x", "33 the string has no end: expected the quote that closes it"],
  ["SELECT * FROM devices WHERE a = \"x' = 1", "33 the string has no end: expected the quote that closes it"],
  ["SELECT * FROM devices WHERE a = 'x\\'", "33 the string has no end: expected the quote that closes it"],
  ["SELECT * FROM devices WHERE a = 'x\\ny'", "35 unexpected '\\n': expected \\', \\\", \\\\ or \\uXXXX"],
  ["SELECT * FROM devices WHERE a = '\\u12g4'", "34 unexpected '\\u': expected \\', \\\", \\\\ or \\uXXXX"],
  ["SELECT * FROM devices WHERE a = '\\uD800'", "33 the string holds half a surrogate pair: expected both"],
  ["SELECT * FROM devices WHERE a = '\uD800'", "34 unexpected half of a surrogate pair: expected both"],
  ["SELECT * FROM devices WHERE [[a = 1", "29 the quoted name has no text or no end: expected [[…]]"],
  ["SELECT * FROM devices WHERE [[]] = 1", "29 the quoted name has no text or no end: expected [[…]]"],
  ["SELECT * FROM devices /* WHERE a = 1", "23 the comment has no end: expected '*/'"],
  ["SELECT * FROM devices WHERE a = 1e309", "33 the number is too large: expected less than 1.8e308"],
  [
    `SELECT * FROM devices WHERE a IN [-0x1${"0".repeat(256)}]`,
    "36 the number is too large: expected less than 1.8e308",
  ],
  ["SELECT * FROM devices WHERE a = 5x", after("34 unexpected 'x'", afterWhere)],
  ["SELECT * FROM devices WHERE a = .5", "33 unexpected '.': expected a value"],
  ["SELECT * FROM devices WHERE a = \u0000", "33 unexpected '\uFFFD': expected a value"],
  ["SELECT * FROM devices 'a\n\tb \u0007'", after("23 unexpected ''a b \uFFFD''", afterFrom)],
  [`SELECT * FROM devices ${"x".repeat(30)}`, after(`23 unexpected '${"x".repeat(24)}…'`, afterFrom)],
];

// spec/query-language 2, 3, 5, 9
const meanings: readonly Case[] = [
  ["SELECT * FROM devices WHERE COUNT() > 1", "29 unexpected aggregate 'COUNT()': expected a path or a value"],
  ["SELECT * FROM devices WHERE is_defined()", "29 IS_DEFINED with arguments: 0; expected: 1"],
  ["SELECT * FROM devices WHERE STARTSWITH(id)", "29 STARTSWITH with arguments: 1; expected: 2"],
  ["SELECT * FROM devices WHERE array_contains(a, 1, 2)", "29 ARRAY_CONTAINS with arguments: 3; expected: 2"],
  ["SELECT * FROM devices WHERE a = 1 AND lower(b) = 'x'", `39 unknown function 'lower': expected ${known}`],
  ["SELECT * FROM devices WHERE [[is_defined]](a)", `29 unknown function '[[is_defined]]': expected ${known}`],
  ["SELECT * FROM devices GROUP BY a", "8 unexpected '*': expected the path of GROUP BY, or aggregates"],
  ["SELECT a, COUNT() FROM devices", "8 unexpected 'a': expected an aggregate, or GROUP BY with this path"],
  ["SELECT b, COUNT() FROM devices GROUP BY a", "8 unexpected 'b': expected the path of GROUP BY, or an aggregate"],
  [
    "SELECT tags.a, properties.reported.a FROM devices",
    "16 unexpected 'properties.reported.a': expected a name that no other column has",
  ],
  ["SELECT * FROM devices WHERE devices = 1", "29 unexpected 'devices': expected a field behind it"],
  ["SELECT devices.modules FROM devices.modules", "8 unexpected 'devices.modules': expected a field behind it"],
  [
    "SELECT * FROM devices WHERE devices.modules.moduleId = 'a'",
    "29 unexpected 'devices.modules.moduleId': expected a field of devices",
  ],
  [
    "SELECT * FROM devices WHERE Devices.Jobs.status = 'a'",
    "29 unexpected 'Devices.Jobs.status': expected a field of devices",
  ],
  ["SELECT * FROM devices.jobs WHERE tags.a = 1", "34 unexpected 'tags.a': expected a field of devices.jobs"],
  [
    "SELECT * FROM devices.jobs WHERE devices.TAGS.a = 1",
    "34 unexpected 'devices.TAGS.a': expected a field of devices.jobs",
  ],
  [
    "SELECT jobId FROM devices.jobs GROUP BY jobId",
    {
      strict: "32 unexpected GROUP BY on devices.jobs: expected it on devices only",
      lax: "32 unexpected GROUP BY on devices.jobs: expected it on devices or devices.modules only",
    },
  ],
];

// Of the extensions
const extensions: readonly (readonly [string, string])[] = [
  ["SELECT a FROM devices HAVING a = 1", `23 unexpected 'HAVING': expected ${afterFrom.lax}`],
  [
    "SELECT a, COUNT() n FROM devices GROUP BY a HAVING b = 1",
    "52 unexpected 'b': expected a column, the path of GROUP BY or an aggregate",
  ],
  ["SELECT a, COUNT() n FROM devices GROUP BY a HAVING lower(n) = 1", `52 unknown function 'lower': expected ${known}`],
  [
    "SELECT a, COUNT() n FROM devices GROUP BY a ORDER BY b",
    "54 unexpected 'b': expected a column, the path of GROUP BY or an aggregate",
  ],
  ["SELECT COUNT() AS n FROM devices ORDER BY n", "43 unexpected 'n': expected GROUP BY, for one row has no order"],
  ["SELECT * FROM devices ORDER BY COUNT()", "32 unexpected 'COUNT()': expected a path, for there is no GROUP BY"],
  [
    "SELECT DISTINCT COUNT() FROM devices",
    "17 unexpected 'COUNT()': expected paths alone behind DISTINCT, and no GROUP BY",
  ],
  [
    "SELECT DISTINCT a FROM devices GROUP BY a",
    "17 unexpected 'a': expected paths alone behind DISTINCT, and no GROUP BY",
  ],
  ["SELECT DISTINCT a FROM devices ORDER BY b", "41 unexpected 'b': expected a column of SELECT DISTINCT"],
  [`SELECT * FROM devices ORDER BY ${"a, ".repeat(16)}b`, "80 unexpected 'b': expected 16 values to order by at most"],
];

for (const [text, fault] of [...appendix, ...forms, ...pieces, ...meanings]) {
  test(`the query ${JSON.stringify(text)} is refused`, () => {
    assert.equal(faultOf(text, true), typeof fault === "string" ? fault : fault.strict);
    assert.equal(faultOf(text, false), typeof fault === "string" ? fault : fault.lax);
  });
}

for (const [text, fault] of extensions) {
  test(`the extended query ${JSON.stringify(text)} is refused`, () => {
    assert.equal(faultOf(text, false), fault);
    assert.notEqual(faultOf(text, true), "none");
  });
}

test("a fault is placed by its line and by the column in it", () => {
  const text = "SELECT *\r\nFROM devices\n\n  WHERE '\n' x\rAND";
  const place = { name: "QueryError", line: 5, column: 3, start: text.indexOf(" x") + 1, end: text.indexOf(" x") + 2 };
  assert.throws(() => parseQuery(text), place);
});

test("a fault tells its span, and of a long one only the beginning", () => {
  const text = `SELECT * FROM devices WHERE a = '${"x".repeat(5000)}' 'secret${"y".repeat(3000)}'`;
  assert.throws(
    () => parseQuery(text, { strict: true }),
    ({ start, end, message }: QueryError) =>
      start === 5035 && end === text.length && message.length < 120 && message.includes("'secretyyyyyyyyyyyyyyyyy…'"),
  );
});
