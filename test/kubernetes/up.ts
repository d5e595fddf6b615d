/**
 * A real Kubernetes to try things on: prints its kubeconfig and its registry, and stops it on Ctrl-C.
 * `node test/kubernetes/up.ts [--nodes 1] [--instance N]`
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { startCluster } from "./support/cluster.ts";

const { values } = parseArgs({
  options: { nodes: { type: "string", default: "1" }, instance: { type: "string" } },
});
const begin = performance.now();
const cluster = await startCluster({
  nodes: Number(values.nodes),
  ...(values.instance === undefined ? {} : { instance: Number(values.instance) }),
  say: (message) => console.error(message),
});
const seconds = ((performance.now() - begin) / 1000).toFixed(1);
const { kubeconfig, registry, nodes } = cluster;
console.log(JSON.stringify({ kubeconfig, registry, nodes: nodes.map(({ address }) => address), seconds }));
const waiting = setInterval(() => {}, 60_000);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
clearInterval(waiting);
await cluster.stop();
