import { runCommand } from "@jdos/component-base";
import { BASE_IMAGE, SANDBOX_IMAGE, TOOLS_IMAGE } from "./image-recipe.ts";

function ctr(socket: string, ...args: string[]): [string, ...string[]] {
  // The namespace that containerd's CRI reads.
  return ["ctr", "--address", socket, "--namespace", "k8s.io", "images", ...args];
}

/** Whether containerd has the platform's own images. */
export async function hasPlatformImages(socket: string): Promise<boolean> {
  const { stdout } = await runCommand(ctr(socket, "list", "--quiet"));
  const present = new Set(stdout.split("\n"));
  return [BASE_IMAGE, SANDBOX_IMAGE, TOOLS_IMAGE].every((image) => present.has(image));
}

/** Imports an OCI archive and unpacks it. */
export async function importImages(socket: string, archive: string): Promise<void> {
  await runCommand(ctr(socket, "import", archive), { timeoutSeconds: 600 });
}
