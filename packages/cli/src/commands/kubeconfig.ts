import { access } from "node:fs/promises";
import { dataPaths } from "@jdos/component-base/data-directory";
import type { CommandContext, Input } from "../command.ts";
import { notRunning } from "../platform/connection.ts";

/** Prints the path alone, so that it fits into KUBECONFIG=$(jdos kubeconfig). */
export async function run(_input: Input, { dataDir }: CommandContext): Promise<{ path: string }> {
  const path = dataPaths(dataDir).kubeconfig;
  await access(path).catch((error) => {
    throw notRunning(`"${path}" does not exist`, error);
  });
  return { path };
}

export function present({ path }: { path: string }): string {
  return path;
}
