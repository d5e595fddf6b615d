import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  instanceNames,
  purgeContainerd,
  removeCniResults,
  startContainerd,
  stopContainerd,
  unmountBelow,
} from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { TEST_SANDBOX_IMAGE, writeTestImages } from "./test-image.ts";

const run = promisify(execFile);

export interface TestContainerdOptions {
  /** Defaults to an empty directory: Pods need hostNetwork. */
  cniConfDir?: string;
  cniBinDir?: string;
}

export interface TestContainerd {
  readonly socket: string;
  readonly cgroupParent: string;
  /** A directory for the test's own files, removed by stop(). */
  readonly directory: string;
  /** Ends containerd and starts it again, as after a crash; what runs goes on. */
  restart(): Promise<void>;
  /** Ends everything and leaves nothing behind. */
  stop(): Promise<void>;
}

/** A real containerd with the test images imported. */
export async function startTestContainerd(options: TestContainerdOptions = {}): Promise<TestContainerd> {
  const names = instanceNames(testInstance());
  const prefix = `jdos-kubelet-${names.instance}-`;
  // What a test that was killed left behind, after its containerd.
  await purgeContainerd({
    runDir: names.runDir,
    rootDir: join(names.runDir, "none"),
    cgroupParent: names.cgroupParent,
  });
  for (const name of (await readdir(tmpdir())).filter((item) => item.startsWith(prefix))) {
    await unmountBelow(join(tmpdir(), name));
    await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
  const directory = await mkdtemp(join(tmpdir(), prefix));
  const containerd = {
    runDir: names.runDir,
    rootDir: join(directory, "containerd"),
    sandboxImage: TEST_SANDBOX_IMAGE,
    cniBinDir: options.cniBinDir ?? join(directory, "cni/bin"),
    cniConfDir: options.cniConfDir ?? join(directory, "cni/net.d"),
    registryConfigDir: join(directory, "registry"),
  };
  await mkdir(containerd.runDir, { recursive: true });
  const { socket } = await startContainerd(containerd);
  const archive = join(directory, "images.tar");
  await writeTestImages(archive);
  await run("ctr", ["--address", socket, "--namespace", "k8s.io", "images", "import", archive]);
  return {
    socket,
    cgroupParent: names.cgroupParent,
    directory,
    restart: async () => {
      await stopContainerd(containerd);
      await startContainerd(containerd);
    },
    stop: async () => {
      await purgeContainerd({ ...containerd, cgroupParent: names.cgroupParent });
      await removeCniResults(names.bridge);
      await unmountBelow(directory);
      await rm(names.runDir, { recursive: true, force: true });
      await rm(directory, { recursive: true, force: true });
    },
  };
}
