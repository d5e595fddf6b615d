import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "@jdos/component-base";
import { TestBedError } from "../support/errors.ts";
import type { GoTree } from "./go.ts";

const PACKAGE = "k8s.io/kubernetes/pkg/generated/openapi";
const ROOTS = ["cmd", "pkg", "plugin", "test", "staging/src/k8s.io"];
const LEFT_OUT = ["/testdata/", "/code-generator/", "/sample-apiserver/", "zz_generated", "_test.go"];

/**
 * Makes pkg/generated/openapi, the one generated file that upstream does not keep in its source, and checks the
 * generator's report as upstream's own build does.
 * @throws TestBedError OpenApiWrong
 */
export async function generateOpenApi({ source, work, environment }: GoTree): Promise<void> {
  const generator = join(work, "openapi-gen");
  const report = join(work, "violations.report");
  // No -trimpath here: without a GOROOT of its own the generator cannot resolve time.Duration.
  await runCommand(["go", "build", "-o", generator, "./vendor/k8s.io/kube-openapi/cmd/openapi-gen"], {
    cwd: source,
    env: environment,
    timeoutSeconds: 1800,
  });
  const inputs = await annotatedPackages(source);
  await runCommand(
    [
      generator,
      ...["--input-dirs", inputs.join(",")],
      ...["--output-package", PACKAGE],
      ...["--output-file-base", "zz_generated.openapi"],
      ...["--go-header-file", "vendor/k8s.io/code-generator/hack/boilerplate.go.txt"],
      ...["--report-filename", report],
    ],
    { cwd: source, env: environment, timeoutSeconds: 1800 },
  );
  await checkReport(report, join(source, "api/api-rules/violation_exceptions.list"));
}

async function annotatedPackages(source: string): Promise<string[]> {
  const { stdout } = await runCommand(
    ["grep", "--recursive", "--files-with-matches", "--include=*.go", "^// *+k8s:openapi-gen=", ...ROOTS],
    { cwd: source, timeoutSeconds: 300 },
  );
  const packages = stdout
    .split("\n")
    .filter((file) => file !== "" && !LEFT_OUT.some((part) => file.includes(part)))
    .map((file) => `k8s.io/kubernetes/${dirname(file).replace(/^staging\/src\//, "vendor/")}`);
  return [...new Set(packages)].sort();
}

async function checkReport(report: string, expected: string): Promise<void> {
  if ((await readFile(report, "utf8")) === (await readFile(expected, "utf8"))) return;
  throw new TestBedError(
    "OpenApiWrong",
    "Cannot use the generated OpenAPI: its report differs from upstream's",
    {
      hint: `Compare "${report}" with "${expected}"`,
    },
  );
}
