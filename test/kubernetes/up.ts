/**
 * A real Kubernetes to try things on: prints its kubeconfig and its registry, and stops it on Ctrl-C.
 * `node test/kubernetes/up.ts [--nodes 1]`
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { testInstance } from "@jdos/component-base/testing";
import { startCluster } from "./support/cluster.ts";

const { values } = parseArgs({ options: { nodes: { type: "string", default: "1" } } });
const begin = performance.now();
const cluster = await startCluster({
  nodes: Number(values.nodes),
  say: (message) => console.error(message),
});
const seconds = ((performance.now() - begin) / 1000).toFixed(1);
const { kubeconfig, registry, nodes } = cluster;
const addresses = nodes.map(({ address }) => address);
console.log(JSON.stringify({ instance: testInstance(), kubeconfig, registry, nodes: addresses, seconds }));
const waiting = setInterval(() => {}, 60_000);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
clearInterval(waiting);
await cluster.stop();
