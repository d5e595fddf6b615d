import { access, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "@jdos/component-base";
import {
  HOST_PROGRAMS,
  type HostProgram,
  installPackages,
  missingPackages,
} from "../packages/jdosd/src/host/packages.ts";

/** What tests run beside what the platform runs. */
const TEST_PROGRAMS: readonly HostProgram[] = [
  ...HOST_PROGRAMS,
  { program: "haproxy", package: "haproxy" },
  { program: "docker-registry", package: "docker-registry" },
  { program: "buildah", package: "buildah" },
  { program: "prometheus", package: "prometheus" },
];

export interface TestProgramsOptions {
  /** The PATH to begin with. */
  path: string;
  /** Where programs are unpacked that must not be installed. */
  cacheDir: string;
  say(message: string): void;
}

/** Installs what tests need and the machine lacks. Answers the PATH to run them with. */
export async function installTestPrograms({ path, cacheDir, say }: TestProgramsOptions): Promise<string> {
  await installPackages(await missingPackages({ path, programs: TEST_PROGRAMS }), say);
  const kubectl = await missingPackages({
    path,
    programs: [{ program: "kubectl", package: "kubernetes-client" }],
  });
  const directories = kubectl.length === 0 ? [] : [await unpackKubectl(cacheDir, say)];
  return [...directories, path, "/usr/local/sbin", "/usr/sbin", "/sbin"].join(":");
}

/** Debian's kubectl, unpacked and not installed: it must not stand in the way of another. */
async function unpackKubectl(cacheDir: string, say: (message: string) => void): Promise<string> {
  const target = join(cacheDir, "kubernetes-client");
  const bin = join(target, "usr/bin");
  const present = await access(join(bin, "kubectl")).then(
    () => true,
    () => false,
  );
  if (present) return bin;
  say("apt-get download kubernetes-client");
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, "unpack-"));
  try {
    await runCommand(["chown", "_apt", work], { okExitCodes: [0, 1] });
    await runCommand(["apt-get", "--quiet", "download", "kubernetes-client"], {
      cwd: work,
      timeoutSeconds: 300,
    });
    const [archive] = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    await runCommand(["dpkg-deb", "--extract", join(work, archive!), join(work, "root")], {
      timeoutSeconds: 120,
    });
    await rename(join(work, "root"), target);
    return bin;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
