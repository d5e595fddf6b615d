import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "@jdos/component-base";

const MODULE = JSON.stringify(join(import.meta.dirname, "listen.ts"));

/** Of the four ports that the kernel may choose, three are taken for TCP. */
const SCRIPT = `
  import { createServer } from "node:net";
  import { listenAt } from ${MODULE};
  for (const port of [50000, 50001, 50003])
    await new Promise((resolve) => createServer().listen(port, "127.0.0.1", resolve));
  for (let times = 0; times < 8; times++) {
    const { port, close } = await listenAt({ address: "127.0.0.1", port: 0 });
    console.log(port);
    await close();
  }
  process.exit();
`;

test("listenAt() asks for another port where the one that is free for UDP is taken for TCP", async () => {
  const prepare = 'ip link set lo up && echo "50000 50003" > /proc/sys/net/ipv4/ip_local_port_range';
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const shell = ["sh", "-c", `${prepare} && exec "$@"`, "sh"];
  const { stdout } = await runCommand(["unshare", "--net", ...shell, ...node, SCRIPT]);
  assert.deepEqual(
    stdout.trim().split("\n"),
    Array.from({ length: 8 }, () => "50002"),
  );
});
