import { mountsBelow, runCommand } from "@jdos/component-base";

/** Mounts a tmpfs unless one is there already. */
export async function mountTmpfs(
  target: string,
  { sizeBytes, mode }: { sizeBytes?: number; mode: string },
): Promise<void> {
  if (isMounted(target)) return;
  const options = [
    `mode=${mode}`,
    ...(sizeBytes === undefined || sizeBytes === 0 ? [] : [`size=${sizeBytes}`]),
  ];
  await runCommand(["mount", "-t", "tmpfs", "-o", options.join(","), "tmpfs", target]);
}

/** Shows `source` at `target` as well, unless something is mounted there already. */
export async function bindMount(source: string, target: string): Promise<void> {
  if (isMounted(target)) return;
  await runCommand(["mount", "--no-canonicalize", "--bind", source, target]);
}

export function isMounted(target: string): boolean {
  const parent = target.slice(0, target.lastIndexOf("/"));
  return mountsBelow(parent).includes(target);
}
