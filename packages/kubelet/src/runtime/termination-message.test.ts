import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerStatus } from "../cri/types.ts";
import { TERMINATION_POLICY } from "./labels.ts";
import { terminationMessage } from "./termination-message.ts";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-termination-"));
});
after(() => rm(directory, { recursive: true }));

const logLine = (text: string): string => `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`;

function failed(logPath: string, policy: string): ContainerStatus {
  const status = {
    annotations: { [TERMINATION_POLICY]: policy },
    mounts: [],
    exitCode: 1,
    message: "",
    logPath,
  };
  return status as Partial<ContainerStatus> as ContainerStatus;
}

test("terminationMessage() holds the lines that reach the log after the container's end", async () => {
  const path = join(directory, "late.log");
  await writeFile(path, logLine("first"));
  const message = terminationMessage(failed(path, "FallbackToLogsOnError"));
  await sleep(15);
  await appendFile(path, logLine("cannot start"));
  assert.equal(await message, "first\ncannot start\n");
});

test("terminationMessage() leaves the log alone when the policy is File", async () => {
  const path = join(directory, "file.log");
  await writeFile(path, logLine("first"));
  assert.equal(await terminationMessage(failed(path, "File")), "");
});
