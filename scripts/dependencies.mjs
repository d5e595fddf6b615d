// Exits 0 when node_modules holds what package-lock.json asks for. Runs on any Node from 20, before anything is
// installed: plain JavaScript, no imports of ours.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = process.argv[2] ?? ".";

/** @param {string} path @returns {Record<string, {version?: string, link?: boolean, optional?: boolean}> | undefined} */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

const wanted = packagesOf(join(root, "package-lock.json")) ?? {};
const present = packagesOf(join(root, "node_modules/.package-lock.json"));
const fits =
  present !== undefined &&
  Object.entries(wanted)
    .filter(([path]) => path.startsWith("node_modules/"))
    .every(([path, { version, link, optional }]) => {
      const found = present[path];
      if (found === undefined) return optional === true;
      return link === true ? found.link === true : found.version === version;
    });
process.exit(fits ? 0 : 1);
