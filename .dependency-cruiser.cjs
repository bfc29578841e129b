/**
 * Who may import whom (ARCHITECTURE.md). test/repository/rules.test.ts runs these; each rule says why it exists.
 */
const only = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

/** A package that only the named files may import, so that replacing it touches one place. */
const door = (pkg, files) =>
  only(
    `door-${pkg}`,
    `${pkg} is imported through its door only`,
    { pathNot: `^(test/|bench/|${files.join("|")})` },
    { path: `^node_modules/${pkg}/` },
  );

/** A folder that may import itself, the folders named, packages and Node's own modules. */
const folder = (name, may) =>
  only(
    `folder-${name}`,
    `${name} imports ${["itself", ...may].join(", ")} only`,
    { path: `^${name}/` },
    {
      pathNot: [`^${name}/`, ...may.map((each) => `^${each}/`), "^node_modules/", "^(node:)?[a-z_/]+$"],
      dependencyTypesNot: ["core"],
    },
  );

module.exports = {
  forbidden: [
    only("no-cycles", "a cycle has no first file to read", {}, { circular: true }),
    only(
      "core-is-pure",
      "core runs in the browser too: no packages, no Node modules",
      { path: "^core/" },
      { pathNot: "^core/" },
    ),
    folder("wire", ["core"]),
    folder("d-scripts", ["core"]),
    folder("store", ["core"]),
    folder("server", ["core", "store"]),
    folder("collectors", ["core", "wire", "d-scripts", "server"]),
    folder("ingest", ["core", "wire", "store", "server"]),
    folder("query-api", ["core", "wire", "store", "server", "d-scripts"]),
    folder("web", ["core"]),
    only(
      "nothing-imports-tests",
      "test may import anything and is imported by nothing",
      { pathNot: "^test/" },
      { path: "^test/" },
    ),
    only("nothing-imports-cli", "the command line is the top", { pathNot: "^(cli|test|bench)/" }, { path: "^cli/" }),
    door("ssh2", ["collectors/ssh\\.ts", "collectors/simulator/ssh-server\\.ts"]),
    door("@clickhouse/client", ["store/client\\.ts"]),
    door("chdb", ["store/chdb\\.ts"]),
    door("fastify", ["server/http\\.ts"]),
    door("apache-arrow", ["wire/arrow\\.ts", "web/arrow\\.ts"]),
    door("uplot", ["web/uplot\\.ts"]),
    door("pino", ["server/log\\.ts"]),
    door("jose", ["query-api/oidc\\.ts"]),
    door("@prometheus-io/lezer-promql", ["query-api/promql-syntax\\.ts"]),
    door("prom-client", ["server/metrics\\.ts"]),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node", "default"] },
  },
};
