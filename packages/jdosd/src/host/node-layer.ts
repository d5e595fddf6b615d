import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { CommandError, runCommand } from "@jdos/component-base";
import { JdosdError } from "../errors.ts";
import { NPM_INTEGRITY, NPM_VERSION } from "./image-recipe.ts";
import { packLayer } from "./layer.ts";

/** Node and npm under /usr/local, as one layer. */
export async function makeNodeLayer(workDir: string, nodeBinary: string): Promise<string> {
  const root = join(workDir, "node");
  const bin = join(root, "usr/local/bin");
  const npm = join(root, "usr/local/lib/node_modules/npm");
  await mkdir(bin, { recursive: true });
  await mkdir(npm, { recursive: true });
  await copyFile(nodeBinary, join(bin, "node"));
  const archive = await packNpm(workDir);
  await runCommand([
    "tar",
    "--extract",
    `--file=${archive}`,
    `--directory=${npm}`,
    "--strip-components=1",
    "--no-same-owner",
  ]);
  for (const name of ["npm", "npx"]) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  }
  const paths = (await readdir(root, { recursive: true })).sort();
  const layer = join(workDir, "node.tar");
  await packLayer({ directory: root, layer, paths });
  return layer;
}

/** Downloads npm with the host's npm, which knows the registry to ask, and checks it against the pinned hash. */
async function packNpm(workDir: string): Promise<string> {
  try {
    await runCommand(["npm", "pack", `npm@${NPM_VERSION}`, "--silent", `--pack-destination=${workDir}`], {
      cwd: workDir,
      timeoutSeconds: 120,
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new JdosdError(
      "NetworkUnreachable",
      `Cannot download npm ${NPM_VERSION}: npm's registry does not answer`,
      {
        cause: error,
        hint: "Check the registry with: npm ping",
      },
    );
  }
  const archive = join(workDir, `npm-${NPM_VERSION}.tgz`);
  const integrity = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  if (integrity !== NPM_INTEGRITY) {
    throw new JdosdError(
      "ImageBuildFailed",
      `Cannot use npm ${NPM_VERSION}: its hash is not the pinned one`,
      {
        hint: "The registry that npm asks serves another file: npm config get registry",
      },
    );
  }
  return archive;
}
