/**
 * Loads all that a build may need, whatever it builds.
 * @module
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { loadLibrary } from "./packages/bom.ts";

/** Tests, and what is no part of a build or has begun already. */
const NOT_LOADED = ["**/*.test.ts", "testing/**", "publish/**", "main.ts", "load-all.ts"];

for (const file of globSync("**/*.ts", { cwd: import.meta.dirname, exclude: NOT_LOADED }).sort())
  await import(join(import.meta.dirname, file));
await Promise.all([loadLibrary(), import("semver"), import("yaml")]);
