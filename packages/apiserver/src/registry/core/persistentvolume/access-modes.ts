const SHORT: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

export const ACCESS_MODES = Object.keys(SHORT);

/** "RWO,ROX" */
export function accessModesText(modes: readonly string[] | undefined): string {
  return [...new Set(modes)].map((mode) => SHORT[mode] ?? mode).join(",");
}
