/** The routes there are, to tell an unknown path from a known one that was asked in the wrong way. */
export type KnownPaths = {
  /** Notes a route; `url` is its pattern, such as `/devices/:deviceId`. */
  add(url: string, methods: string | readonly string[]): void;
  /** The methods that a path (undecoded, no query) answers to; empty when no route has it. */
  methodsOf(path: string): readonly string[];
};

/** Makes the empty table. Like the router it takes literal segments in any case and a trailing slash. */
export function createKnownPaths(): KnownPaths {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  return {
    add(url, methods) {
      const known = routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
      for (const method of [methods].flat()) known.methods.add(method);
      routes.set(url, known);
    },
    methodsOf(path) {
      const methods = new Set<string>();
      for (const route of routes.values()) {
        if (!route.pattern.test(path)) continue;
        for (const method of route.methods) methods.add(method);
      }
      return [...methods].toSorted();
    },
  };
}

function patternOf(url: string): RegExp {
  const segments = url.split("/").map((segment) => (segment.startsWith(":") ? "[^/]+" : RegExp.escape(segment)));
  return new RegExp(`^${segments.join("/")}/?$`, "i");
}
