import type { LifecycleHandler } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { CriClient } from "../cri/cri-client.ts";
import { httpGet } from "../probe/http-get.ts";
import type { ContainerSpec } from "./pod.ts";

export interface HookTarget {
  readonly cri: CriClient;
  readonly container: ContainerSpec;
  readonly containerId: string;
  readonly podIp: string;
  readonly timeoutSeconds: number;
}

/** Runs a postStart or preStop handler; throws when it does not succeed in time. */
export async function runHook(handler: DeepReadonly<LifecycleHandler>, target: HookTarget): Promise<void> {
  const { cri, containerId, timeoutSeconds } = target;
  if (handler.exec !== undefined) {
    const command = [...(handler.exec.command ?? [])];
    const { exitCode, stderr } = await cri.execSync(containerId, command, timeoutSeconds);
    if (exitCode !== 0) {
      throw new Error(
        `command '${command.join(" ")}' exited with ${exitCode}: ${stderr.toString("utf8").slice(0, 1024)}`,
      );
    }
  } else if (handler.httpGet !== undefined) {
    const answer = await httpGet(handler.httpGet, {
      container: target.container,
      podIp: target.podIp,
      timeoutMs: timeoutSeconds * 1000,
      userAgent: "kube-lifecycle/1.32",
    });
    if (answer.status >= 400) throw new Error(`the server answered ${answer.status}`);
  } else if (handler.sleep !== undefined) {
    const milliseconds = Math.min(handler.sleep.seconds, timeoutSeconds) * 1000;
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  } else {
    throw new Error("the handler has none of exec, httpGet and sleep");
  }
}
