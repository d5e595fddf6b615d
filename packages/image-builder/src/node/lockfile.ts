import { SourceTree } from "../stacks/source-tree.ts";

const LOCKFILES = ["npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"] as const;
export type Lockfile = (typeof LOCKFILES)[number];

/** The lockfile that decides what is installed, if there is one. */
export function lockfileOf(directory: string): Lockfile | undefined {
  const source = new SourceTree(directory);
  return LOCKFILES.find((name) => source.has(name));
}
