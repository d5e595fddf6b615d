import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { checkImports, importsOf, type Rule } from "./check-imports.ts";

type Tree = Readonly<Record<string, string>>;

/** Lays out a small house and answers which rules it breaks. Every package declares what it imports. */
async function rulesBroken(tree: Tree, declare = true): Promise<Rule[]> {
  const root = await mkdtemp(join(tmpdir(), "jdos-house-"));
  try {
    const dependencies = Object.fromEntries(
      Object.values(tree)
        .flatMap((source) => importsOf(source))
        .filter(({ specifier }) => specifier.startsWith("@jdos/"))
        .map(({ specifier }) => [specifier.split("/").slice(0, 2).join("/"), "0.1.0"]),
    );
    for (const [path, source] of Object.entries(tree)) {
      const name = path.split("/")[0]!;
      const manifest = { name: `@jdos/${name}`, dependencies: declare ? dependencies : {} };
      await mkdir(dirname(join(root, "packages", path)), { recursive: true });
      await writeFile(join(root, "packages", path), source);
      await writeFile(join(root, "packages", name, "package.json"), JSON.stringify(manifest));
    }
    return checkImports(root).map(({ rule }) => rule);
  } finally {
    await rm(root, { recursive: true });
  }
}

const clean: [string, Tree][] = [
  [
    "engine imports words and tools",
    { "kubelet/src/a.ts": `import { x } from "@jdos/api";\nimport "@jdos/client";` },
  ],
  [
    "a test starts a real API server",
    { "kubelet/src/a.test.ts": `import { s } from "@jdos/apiserver/testing";` },
  ],
  ["jdosd imports start", { "jdosd/src/a.ts": `import { start as startDns } from "@jdos/dns";` }],
  ["modules of Node", { "cli/src/a.ts": `import { join } from "node:path";` }],
  [
    "types may go in circles",
    { "api/src/a.ts": `import "./b.ts";`, "api/src/b.ts": `import type { A } from "./a.ts";` },
  ],
  [
    "an import in a comment",
    { "cli/src/a.ts": `/**\n * import { x } from "@jdos/jdosd";\n */\n// import "@jdos/dns";` },
  ],
];

for (const [claim, tree] of clean) {
  test(`checkImports() accepts: ${claim}`, async () => assert.deepEqual(await rulesBroken(tree), []));
}

const broken: [string, Rule, Tree][] = [
  ["a sibling of the engine", "layer", { "kubelet/src/a.ts": `import { x } from "@jdos/scheduler";` }],
  [
    "a sibling of the platform, for its types",
    "layer",
    { "dns/src/a.ts": `import type { X } from "@jdos/cni";` },
  ],
  ["a sibling, dynamically", "layer", { "dns/src/a.ts": `const x = await import("@jdos/cni");` }],
  ["a sibling, passed on", "layer", { "dns/src/a.ts": `export * from "@jdos/cni";` }],
  ["a sibling, over several lines", "layer", { "dns/src/a.ts": `import {\n  a,\n  b,\n} from "@jdos/cni";` }],
  ["cli imports the engine", "layer", { "cli/src/a.ts": `import { x } from "@jdos/apiserver";` }],
  ["cli imports jdosd", "layer", { "cli/src/a.ts": `import { start } from "@jdos/jdosd";` }],
  ["console imports a tool", "layer", { "console/src/a.tsx": `import { x } from "@jdos/client";` }],
  ["apimachinery imports api", "layer", { "apimachinery/src/a.ts": `import { x } from "@jdos/api";` }],
  [
    "component-base imports client",
    "layer",
    { "component-base/src/a.ts": `import { x } from "@jdos/client";` },
  ],
  [
    "client imports controller-runtime",
    "layer",
    { "client/src/a.ts": `import { x } from "@jdos/controller-runtime";` },
  ],
  ["a tool imports the engine", "layer", { "client/src/a.ts": `import { x } from "@jdos/apiserver";` }],
  ["a test imports a sibling", "layer", { "dns/src/a.test.ts": `import { x } from "@jdos/cni/testing";` }],
  [
    "jdosd imports more than start",
    "start-only",
    { "jdosd/src/a.ts": `import { start, Kubelet } from "@jdos/kubelet";` },
  ],
  [
    "jdosd imports all of it",
    "start-only",
    { "jdosd/src/a.ts": `import * as kubelet from "@jdos/kubelet";` },
  ],
  [
    "testing outside tests",
    "testing",
    { "client/src/a.ts": `import { x } from "@jdos/component-base/testing";` },
  ],
  ["own testing outside tests", "testing", { "client/src/a.ts": `import { x } from "./testing/x.ts";` }],
  [
    "out of the package by path",
    "relative",
    { "client/src/a.ts": `import { x } from "../../api/src/index.ts";` },
  ],
  [
    "files in a circle",
    "cycle",
    { "api/src/a.ts": `import { b } from "./b.ts";`, "api/src/b.ts": `import { a } from "./a.ts";` },
  ],
  ["a package without a layer", "unknown-package", { "misc/src/a.ts": "" }],
];

for (const [claim, rule, tree] of broken) {
  test(`checkImports() refuses: ${claim}`, async () => assert.deepEqual(await rulesBroken(tree), [rule]));
}

test("checkImports() refuses what package.json does not declare", async () => {
  assert.deepEqual(await rulesBroken({ "client/src/a.ts": `import { x } from "@jdos/api";` }, false), [
    "declared",
  ]);
  assert.deepEqual(await rulesBroken({ "client/src/a.ts": `import x from "left-pad";` }), ["declared"]);
});
