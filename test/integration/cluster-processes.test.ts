import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs/cluster-processes.md"), "utf8");

/** The flags of one section's tables. */
function flagsOf(heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section, `docs/cluster-processes.md has no section "${heading}"`);
  const rows = section.split("\n").filter((line) => line.startsWith("| `--"));
  return rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`--([a-z-]+)`/g)].map(([, flag]) => flag!),
  );
}

const common = flagsOf("Options of every part");
const ELECTION = ["leader-election", "lease-namespace", "lease-name", "lease-seconds", "identity"];
const registry = flagsOf("The registry's options (platform-controllers, platform-api)");

/** Each with its program below packages/, where that is not the part's own. */
const PARTS: Record<string, { registry: boolean; election: boolean; main?: string }> = {
  "platform-controllers": { registry: true, election: true },
  "platform-api": { registry: true, election: false },
  "git-server": { registry: false, election: false },
  "load-balancer": { registry: false, election: true },
  scheduler: { registry: false, election: true },
  dns: { registry: false, election: false },
  metrics: { registry: false, election: false },
  "log-server": { registry: false, election: false },
  "log-collector": { registry: false, election: false, main: "log-server/src/collector/main.ts" },
};

describe("docs/cluster-processes.md", () => {
  for (const [part, has] of Object.entries(PARTS)) {
    it(`names the options that ${part} has, and no others`, () => {
      const main = join(root, "packages", has.main ?? `${part}/src/main.ts`);
      const { stdout, status } = spawnSync(process.execPath, [main, "--help"], { encoding: "utf8", env: {} });
      assert.equal(status, 0);
      const served = [...stdout.matchAll(/^ {2}--([a-z-]+) /gm)].map(([, flag]) => flag!);
      const told = new Set([
        ...common.filter((flag) => has.election || !ELECTION.includes(flag)),
        ...(has.registry ? registry : []),
        ...flagsOf(part),
      ]);
      // The name server only watches: nothing bounds its calls.
      if (part === "dns") told.delete("queries-per-second");
      assert.deepEqual(served.sort(), [...told].sort());
    });
  }
});
