import { once } from "node:events";
import { ConfigMaps } from "@jdos/api";
import { createHttpClient, loadKubeconfig } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import { runAsLeader } from "../leader-election/leader-election.ts";

/**
 * A program for the tests of leader election: leads as long as it can and writes its name and a number into a
 * ConfigMap all the time, many writes at once; says on standard output when it leads, and how a write was refused.
 */
const [kubeconfig = "", identity = "", namespace = ""] = process.argv.slice(2);
const client = createHttpClient(await loadKubeconfig({ path: kubeconfig }));
const log = createLogger({ name: identity, level: "silent" });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const timing = { leaseSeconds: 2, renewDeadlineSeconds: 1.2, retrySeconds: 0.3 };
await runAsLeader(
  { client, log, namespace, name: "contested", identity, ...timing },
  async (signal, leadership) => {
    const fenced = leadership.fence(client);
    say("leads");
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; ; round++) {
        const body = { data: { writer: identity, round: `${writer}-${round}` } };
        await fenced.patch(ConfigMaps, { namespace, name: "state" }, { type: "merge", body });
      }
    };
    // The signal is not heeded: this is a reconcile that does not know yet.
    const ends = await Promise.allSettled([0, 1, 2, 3].map(write));
    for (const end of ends) say(end.status === "rejected" ? `refused ${end.reason?.code}` : "ended");
    if (!signal.aborted) await once(signal, "abort");
    say("signal fired");
  },
  new AbortController().signal,
);
await client.close();
