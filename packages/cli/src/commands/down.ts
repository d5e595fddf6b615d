import { text } from "node:stream/consumers";
import { readInstance } from "@jdos/component-base";
import type { CommandContext, Input } from "../command.ts";
import { CliError } from "../errors.ts";
import { exitOf, failureOf, startJdosd } from "../machine/jdosd.ts";
import { showProgress } from "../machine/progress.ts";
import { createStageView } from "../output/stages.ts";
import { lines } from "../platform/lines.ts";

export interface Down {
  dataDir: string;
  purged: boolean;
  /** Whether a platform had ever run in it. */
  found: boolean;
}

/** Ends the platform and its containers; --purge deletes its data too. */
export async function run(input: Input, context: CommandContext): Promise<Down> {
  if (process.getuid?.() !== 0) {
    throw new CliError("NotRoot", "Cannot stop the platform: it needs root, as its start did", {
      hint: "Run it again with sudo",
    });
  }
  const found = (await readInstance(context.dataDir)) !== undefined;
  const purged = input.options.purge === true;
  const child = startJdosd(["down", ...(purged ? ["--purge"] : [])], context, {
    stdout: "pipe",
    stderr: "pipe",
  });
  const view = await createStageView(context);
  const exited = exitOf(child);
  const errors = text(child.stderr!);
  try {
    for await (const line of lines(child.stdout!)) showProgress(line, view);
  } finally {
    await view.close();
  }
  if ((await exited) !== 0) throw failureOf(await errors, "stop");
  return { dataDir: context.dataDir, purged, found };
}

export function present({ dataDir, purged, found }: Down): string {
  if (!found) return `Nothing to stop: no platform has run in "${dataDir}"`;
  return purged
    ? `The platform is stopped, and "${dataDir}" is deleted`
    : `The platform is stopped; its data stays in "${dataDir}"`;
}
