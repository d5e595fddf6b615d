import { join } from "node:path";
import { runCommand } from "@jdos/component-base";
import { KUBERNETES_PROGRAMS, KUBERNETES_VERSION } from "./cache.ts";

/** An unpacked source tree of Kubernetes, and how Go is called in it. */
export interface GoTree {
  readonly source: string;
  readonly work: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The tree stands where Go looks for package k8s.io/kubernetes; nothing is fetched. */
export function goTree(work: string): GoTree {
  const goPath = join(work, "gopath");
  return {
    source: join(goPath, "src/k8s.io/kubernetes"),
    work,
    environment: {
      PATH: process.env.PATH,
      HOME: work,
      GO111MODULE: "off",
      GOPATH: goPath,
      GOCACHE: join(work, "gocache"),
      GOTMPDIR: work,
      CGO_ENABLED: "0",
    },
  };
}

/** Builds every program into a directory. Source: Kubernetes, hack/lib/version.sh. */
export async function buildPrograms({ source, environment }: GoTree, bin: string): Promise<void> {
  const programs = KUBERNETES_PROGRAMS.map((program) => `./cmd/${program}`);
  await runCommand(["go", "build", "-trimpath", "-ldflags", linkerFlags(), "-o", `${bin}/`, ...programs], {
    cwd: source,
    env: environment,
    timeoutSeconds: 2 * 3600,
  });
}

/** The version that the programs say; without modules a vendored package's path holds "vendor". */
function linkerFlags(): string {
  const [major, minor] = KUBERNETES_VERSION.split(".");
  const packages = ["component-base/version", "client-go/pkg/version"];
  const settings = packages.flatMap((name) => {
    const variable = `k8s.io/kubernetes/vendor/k8s.io/${name}`;
    return [
      `-X ${variable}.gitVersion=v${KUBERNETES_VERSION}`,
      `-X ${variable}.gitMajor=${major}`,
      `-X ${variable}.gitMinor=${minor}`,
    ];
  });
  return ["-s", "-w", ...settings].join(" ");
}
