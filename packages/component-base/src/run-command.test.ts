import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runCommand } from "./run-command.ts";

describe("runCommand", () => {
  it("runCommand() hands over arguments and input without a shell", async () => {
    const { stdout } = await runCommand(["sh", "-c", 'cat; echo "$1"', "sh", "$(id); `id`"], {
      input: "in\n",
    });
    assert.equal(stdout, "in\n$(id); `id`\n");
  });

  it("runCommand() rejects with the exit code and what the program said", async () => {
    await assert.rejects(runCommand(["sh", "-c", "echo no such table >&2; exit 3"]), {
      code: "CommandFailed",
      exitCode: 3,
      stderr: "no such table\n",
      message: /exit code 3: no such table$/,
    });
  });

  it("runCommand() takes other exit codes as an answer when told", async () => {
    const { exitCode } = await runCommand(["sh", "-c", "exit 1"], { okExitCodes: [0, 1] });
    assert.equal(exitCode, 1);
  });

  it("runCommand() names a program that is not there", async () => {
    await assert.rejects(runCommand(["jdos-no-such-program"]), {
      code: "CommandNotFound",
      message: /"jdos-no-such-program"/,
    });
  });

  it("runCommand() kills a program that takes too long", async () => {
    await assert.rejects(runCommand(["sleep", "60"], { timeoutSeconds: 0.05 }), { code: "CommandTimeout" });
  });

  it("runCommand() kills a program that says too much", async () => {
    await assert.rejects(runCommand(["yes"], { maxOutputBytes: 1000 }), { code: "OutputTooLarge" });
  });

  it("runCommand() ends with the signal's reason", async () => {
    const controller = new AbortController();
    const running = runCommand(["sleep", "60"], { signal: controller.signal });
    controller.abort(new Error("stopping"));
    await assert.rejects(running, { message: "stopping" });
  });

  it("runCommand() does not fail over input nobody reads", async () => {
    const { exitCode } = await runCommand(["true"], { input: "x".repeat(1_000_000) });
    assert.equal(exitCode, 0);
  });
});
