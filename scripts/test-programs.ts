import { dirname } from "node:path";
import {
  HOST_PROGRAMS,
  type HostProgram,
  installPackages,
  missingPackages,
} from "../packages/jdosd/src/host/packages.ts";
import { debianKubectl } from "../test/conformance/support/debian-kubectl.ts";

/** What tests run beside what the platform runs. */
const TEST_PROGRAMS: readonly HostProgram[] = [
  ...HOST_PROGRAMS,
  { program: "haproxy", package: "haproxy" },
  { program: "docker-registry", package: "docker-registry" },
  { program: "buildah", package: "buildah" },
  { program: "prometheus", package: "prometheus" },
];

const KUBECTL: HostProgram = { program: "kubectl", package: "kubernetes-client" };

export interface TestProgramsOptions {
  /** The PATH to begin with. */
  path: string;
  say(message: string): void;
}

/** Installs what tests need and the machine lacks. Answers the PATH to run them with. */
export async function installTestPrograms({ path, say }: TestProgramsOptions): Promise<string> {
  await installPackages(await missingPackages({ path, programs: TEST_PROGRAMS }), say);
  const kubectl = await debianKubectl(say);
  const isMissing = (await missingPackages({ path, programs: [KUBECTL] })).length > 0;
  return [...(isMissing ? [dirname(kubectl)] : []), path, "/usr/local/sbin", "/usr/sbin", "/sbin"].join(":");
}
