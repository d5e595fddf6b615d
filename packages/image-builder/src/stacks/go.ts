import { ImageBuilderError } from "../errors.ts";
import { noteOf, startOf } from "./command.ts";
import { APP, type StackModule, type StackPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";
import { checkVersion, DEBIAN_VERSIONS } from "./version.ts";

/** What a program may read while it runs. */
const FOLDERS = ["assets", "config", "migrations", "public", "static", "templates", "views", "web"];
const BINARY = "app";

export const go: StackModule = {
  name: "go",
  looksFor: "go.mod",
  recognise: (source) => (source.has("go.mod") ? "the source has go.mod" : undefined),
  plan,
};

function plan(source: SourceTree): StackPlan {
  const main = mainPackage(source);
  const start = startOf(source, {
    guess: { command: [`${APP}/${BINARY}`], why: `package ${main}` },
    wanted: "a main package",
  });
  const vendored = source.has("vendor/modules.txt");
  const asked = /^go\s+([\d.]+)/m.exec(source.text("go.mod"))?.[1];
  const version = { what: "Go", where: "go.mod", asked, available: DEBIAN_VERSIONS.go };
  const build = `go build -buildvcs=false ${vendored ? "-mod=vendor " : ""}-ldflags=-s -o /out/${BINARY} ${main}`;
  return {
    runtime: [],
    build: {
      packages: ["golang-go"],
      compile: { run: `CGO_ENABLED=0 ${build}`, caches: ["/root/.cache/go-build", "/root/go/pkg/mod"] },
      outputs: [{ from: `/out/${BINARY}`, to: `${APP}/${BINARY}` }],
    },
    own: FOLDERS.filter((folder) => source.hasFolder(folder)),
    env: {},
    command: start.command,
    notes: [...checkVersion(version), noteOf(start)],
  };
}

/** The root when it is a program, else the only one of cmd/. */
function mainPackage(source: SourceTree): string {
  const isMain = (folder: string): boolean =>
    source
      .list(folder)
      .some(
        (name) =>
          name.endsWith(".go") &&
          !name.endsWith("_test.go") &&
          /^package main\b/m.test(source.text(folder === "." ? name : `${folder}/${name}`)),
      );
  if (isMain(".")) return ".";
  const commands = source.list("cmd").filter((name) => /^[\w.-]+$/.test(name) && isMain(`cmd/${name}`));
  const [only] = commands;
  if (only !== undefined && commands.length === 1) return `./cmd/${only}`;
  throw new ImageBuilderError(
    "NoStartCommand",
    commands.length === 0
      ? "Cannot tell what to build: neither the root nor a folder of cmd/ has package main"
      : `Cannot tell what to build: cmd/ has several programs: ${commands.join(", ")}`,
    { hint: "Name the folder of one program as the source's path, or build with a Dockerfile" },
  );
}
