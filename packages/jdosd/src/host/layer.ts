import { runCommand } from "@jdos/component-base";

export interface LayerOptions {
  directory: string;
  /** The tar to write. */
  layer: string;
  /** Relative to the directory, a parent before its children. */
  paths: readonly string[];
}

/** Options of GNU tar for an image layer: numeric owners, no times of this build, file capabilities kept. */
export const LAYER_OPTIONS = [
  "--null",
  "--verbatim-files-from",
  "--no-recursion",
  "--numeric-owner",
  "--mtime=@1700000000",
  "--clamp-mtime",
  "--xattrs",
  "--xattrs-include=security.capability",
  "--files-from=-",
];

/** Writes the paths as an image layer. */
export async function packLayer({ directory, layer, paths }: LayerOptions): Promise<void> {
  await runCommand(["tar", "--create", `--file=${layer}`, `--directory=${directory}`, ...LAYER_OPTIONS], {
    input: paths.join("\0"),
    timeoutSeconds: 300,
  });
}
