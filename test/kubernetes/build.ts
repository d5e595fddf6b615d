/**
 * Builds Kubernetes from Debian's source package unless the cache has it, and prints the directory of its programs.
 */
import { buildKubernetes } from "./build/build.ts";

process.stdout.write(
  `${await buildKubernetes({ say: (message) => process.stderr.write(`${message}\n`) })}\n`,
);
