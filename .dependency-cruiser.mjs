const ours = "^(core|query|projections|adapters|test|scripts)/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "core-stands-alone",
      comment: "core/ is the domain: whatever it needs from the rest comes in through its ports, never by import.",
      severity: "error",
      from: { path: "^core/" },
      to: { path: ours, pathNot: "^core/" },
    },
    {
      name: "core-does-no-io",
      comment: "core/ is pure, so that the same events always give the same state: no packages and nothing of Node's.",
      severity: "error",
      from: { path: "^core/" },
      to: { pathNot: ours },
    },
    {
      name: "query-stands-alone",
      comment:
        "The query language knows text and trees only; of the domain it takes what JSON is and the error it answers.",
      severity: "error",
      from: { path: "^query/" },
      to: { pathNot: ["^query/", "^core/(hub-error|json)\\.ts$", "(^|node_modules/)@?chevrotain(/|$)"] },
    },
    {
      name: "projections-below-adapters",
      comment: "Read models are built from events alone: no protocol, no journal client, no package but Node's SQLite.",
      severity: "error",
      from: { path: "^projections/" },
      to: { pathNot: "^(core|query|projections)/", dependencyTypesNot: ["core"] },
    },
    {
      name: "nothing-imports-tests",
      comment: "Tests and their helpers may look at everything, and nothing that runs may need them.",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },
    {
      name: "no-cycles",
      comment: "Files that import each other, if only for a type, are one file in disguise: move what they share.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".mjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
