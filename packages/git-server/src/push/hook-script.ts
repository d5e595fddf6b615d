import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What git runs at a push before it writes refs, and after. */
export const HOOKS = ["pre-receive", "post-receive"] as const;
export type Hook = (typeof HOOKS)[number];

/** Names the push; in the environment of git and so of its hooks. */
export const PUSH_VARIABLE = "JDOS_PUSH";
export const SOCKET_VARIABLE = "JDOS_HOOK_SOCKET";

/**
 * Tells the server what git wants to write, or has written, and says what the server answers. A push that the server
 * does not know is refused: nothing is pushed past it.
 */
const SCRIPT = `#!/bin/sh
exec curl --silent --show-error --no-buffer --fail-with-body --unix-socket "$${SOCKET_VARIABLE}" \\
  --header content-type:text/plain --data-binary @- "http://git-server/\${0##*/}/$${PUSH_VARIABLE}"
`;

/** Writes the hooks of every repository; a repository's own are never run. */
export async function writeHooks(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  for (const hook of HOOKS) {
    const file = join(directory, hook);
    await writeFile(`${file}.new`, SCRIPT, { mode: 0o755 });
    await rename(`${file}.new`, file);
  }
}
