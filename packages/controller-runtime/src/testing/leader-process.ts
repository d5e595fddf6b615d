import { once } from "node:events";
import { ConfigMaps } from "@jdos/api";
import { createHttpClient, loadKubeconfig } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import { runAsLeader } from "../leader-election/leader-election.ts";

/**
 * A program for the tests of leader election: leads as long as it can and writes its name into a ConfigMap all the
 * time, several writes at once; after so many writes it stops itself (SIGSTOP) in the middle of that. It says on
 * standard output when it leads, and how its writes were refused.
 */
const [kubeconfig = "", identity = "", stopAfter = "never"] = process.argv.slice(2);
const WRITERS = 4;
const key = { namespace: "default", name: "state" };
const client = createHttpClient(await loadKubeconfig({ path: kubeconfig }));
const log = createLogger({ name: identity, level: "silent" });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const timing = { leaseSeconds: 6, renewDeadlineSeconds: 4, retrySeconds: 0.5 };
await runAsLeader(
  { client, log, namespace: "kube-system", name: "contested", identity, ...timing },
  async (signal, leadership) => {
    const fenced = leadership.fence(client);
    say("leads");
    let writes = 0;
    const write = async (writer: number): Promise<void> => {
      for (;;) {
        const body = { data: { writer: identity, [`${identity}-${writer}`]: String(writes++) } };
        if (writes === Number(stopAfter)) process.kill(process.pid, "SIGSTOP");
        await fenced.patch(ConfigMaps, key, { type: "merge", body });
      }
    };
    // The signal is not heeded: this is a reconcile that does not know yet.
    const ends = await Promise.allSettled(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    for (const end of ends) say(end.status === "rejected" ? `refused ${end.reason?.code}` : "ended");
    if (!signal.aborted) await once(signal, "abort");
    say("signal fired");
  },
  new AbortController().signal,
);
await client.close();
