import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import {
  type ContainerdOptions,
  containerdConfig,
  containerdPaths,
  purgeContainerd,
  startContainerd,
  stopContainerd,
} from "./containerd.ts";
import { isRunning } from "./detached-process.ts";

describe("containerd of our own", () => {
  let directory: string;
  let options: ContainerdOptions;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-cd-"));
    options = {
      runDir: join(directory, "run"),
      rootDir: join(directory, "root"),
      sandboxImage: "registry.example/pause:1",
      cniBinDir: join(directory, "cni/bin"),
      cniConfDir: join(directory, "cni/conf"),
      registryConfigDir: join(directory, "hosts"),
    };
  });
  after(async () => {
    await purgeContainerd(options);
    await rm(directory, { recursive: true, force: true });
  });

  it("containerdConfig() is a file containerd understands, with nothing outside the directories given", async () => {
    const file = join(directory, "check.toml");
    await writeFile(file, containerdConfig(options));
    const { stdout } = await promisify(execFile)("containerd", ["--config", file, "config", "dump"]);
    assert.match(stdout, /sandbox_image = "registry\.example\/pause:1"/);
    assert.match(stdout, /restrict_oom_score_adj = true/);
    assert.doesNotMatch(stdout, /"\/(var\/lib|run|opt)\/(containerd|cni)/);
  });

  it("startContainerd() finds the one that runs, and starts it again after it was stopped", async () => {
    const first = await startContainerd(options);
    const again = await startContainerd(options);
    assert.deepEqual([first.started, again.started], [true, false]);
    assert.deepEqual(again.process, first.process);
    await stopContainerd(options);
    assert.equal(isRunning(first.process), false);
    const second = await startContainerd(options);
    assert.equal(second.started, true);
  });

  it("purgeContainerd() leaves neither process nor file, and may be called again", async () => {
    const { process } = await startContainerd(options);
    await purgeContainerd(options);
    assert.equal(isRunning(process), false);
    const { socket, stateDir, configFile, pidFile } = containerdPaths(options);
    assert.deepEqual([socket, stateDir, configFile, pidFile, options.rootDir].filter(existsSync), []);
    await purgeContainerd(options);
  });
});
