import assert from "node:assert/strict";
import { test } from "node:test";
import { publicSource, sourceFromMachine } from "../../../scripts/debian-source.mjs";

const bookworm = `Types: deb
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
`;

const expected = `Types: deb
Suites: trixie
Components: main
URIs: http://mirror.example/debian
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

test("a deb822 source keeps its mirror and key, and has Debian 13's main only", () => {
  assert.equal(sourceFromMachine([{ name: "debian.sources", text: bookworm }]), expected);
});

test("an embedded key and other fields of a deb822 source are kept as they are", () => {
  const key = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY8\n -----END PGP PUBLIC KEY BLOCK-----";
  const text = `Types: deb deb-src\nURIs: http://a.example/debian\nSuites: sid\nComponents: main contrib\n${key}\n`;
  const source = sourceFromMachine([{ name: "x.sources", text }]);
  assert.equal(source, `Types: deb\nSuites: trixie\nComponents: main\nURIs: http://a.example/debian\n${key}\n`);
});

test("a one-line source keeps its mirror, key and architecture", () => {
  const text = [
    "# deb http://old.example/debian bullseye main",
    "deb-src http://mirror.example/debian bookworm main",
    "deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/d.gpg] http://mirror.example/debian bookworm main contrib # ours",
  ].join("\n");
  assert.equal(
    sourceFromMachine([{ name: "sources.list", text }]),
    "Types: deb\nSuites: trixie\nComponents: main\nURIs: http://mirror.example/debian\n" +
      "Architectures: amd64 arm64\nSigned-By: /usr/share/keyrings/d.gpg\n",
  );
});

test("security archives, disabled sources, other components and other people's packages are no Debian archive", () => {
  const files = [
    {
      name: "a.sources",
      text: "Types: deb\nURIs: http://a/debian-security\nSuites: bookworm-security\nComponents: main\n",
    },
    { name: "b.sources", text: "Enabled: no\nTypes: deb\nURIs: http://a/debian\nSuites: bookworm\nComponents: main\n" },
    { name: "c.sources", text: "Types: deb-src\nURIs: http://a/debian\nSuites: bookworm\nComponents: main\n" },
    { name: "d.list", text: "deb https://download.docker.com/linux/debian bookworm stable\n" },
    { name: "e.list", text: "deb https://deb.nodesource.com/node_20.x nodistro main\n" },
    { name: "f.list", text: "deb http://archive.ubuntu.com/ubuntu noble main universe\n" },
  ];
  assert.equal(sourceFromMachine(files), undefined);
  assert.equal(sourceFromMachine([...files, { name: "debian.sources", text: bookworm }]), expected);
});

test("the public mirror is used with the key that it is given", () => {
  const lines = publicSource("/keys/debian.gpg").split("\n");
  assert.ok(lines.includes("URIs: http://deb.debian.org/debian"));
  assert.ok(lines.includes("Signed-By: /keys/debian.gpg"));
});
