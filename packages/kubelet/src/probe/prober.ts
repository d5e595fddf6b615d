import { connect } from "node:net";
import type { Probe } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import { type CriClient, CriError } from "../cri/cri-client.ts";
import type { ContainerSpec } from "../pod/pod.ts";
import { grpcHealth } from "./grpc-health.ts";
import { httpGet, resolvePort } from "./http-get.ts";

export interface ProbeTarget {
  readonly cri: CriClient;
  readonly container: ContainerSpec;
  readonly containerId: string;
  readonly podIp: string;
}

export interface ProbeOutcome {
  readonly success: boolean;
  /** What the probe saw, for the event. */
  readonly output: string;
}

/** Asks a container once. Never throws: whatever goes wrong is a failure with its reason. */
export async function runProbe(probe: DeepReadonly<Probe>, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec !== undefined) return await execProbe(probe.exec.command ?? [], target, timeoutMs);
    if (probe.httpGet !== undefined) {
      const answer = await httpGet(probe.httpGet, { ...target, timeoutMs, userAgent: "kube-probe/1.32" });
      const success = answer.status >= 200 && answer.status < 400;
      return {
        success,
        output: success ? answer.body : `HTTP probe failed with statuscode: ${answer.status}`,
      };
    }
    if (probe.tcpSocket !== undefined) {
      const { host = target.podIp, port } = probe.tcpSocket;
      await tcpConnect(host === "" ? target.podIp : host, resolvePort(port, target.container), timeoutMs);
      return { success: true, output: "" };
    }
    if (probe.grpc !== undefined) {
      const address = `${target.podIp.includes(":") ? `[${target.podIp}]` : target.podIp}:${probe.grpc.port}`;
      return await grpcHealth(address, probe.grpc.service ?? "", timeoutMs);
    }
    return { success: false, output: "missing probe handler" };
  } catch (error) {
    return { success: false, output: describe(probe, target, error as Error) };
  }
}

async function execProbe(
  command: readonly string[],
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  try {
    const result = await target.cri.execSync(target.containerId, command, Math.ceil(timeoutMs / 1000));
    const output = Buffer.concat([result.stdout, result.stderr])
      .toString("utf8")
      .slice(0, 10 * 1024);
    return { success: result.exitCode === 0, output };
  } catch (error) {
    if (!(error instanceof CriError)) throw error;
    return { success: false, output: `command "${command.join(" ")}" failed: ${error.message}` };
  }
}

function tcpConnect(host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const finish = (error?: Error) => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.setTimeout(timeoutMs, () => finish(new Error(`dial tcp ${host}:${port}: i/o timeout`)));
    socket.once("connect", () => finish());
    socket.once("error", finish);
  });
}

function describe(probe: DeepReadonly<Probe>, target: ProbeTarget, error: Error): string {
  const message =
    error.message === "" ? String((error as NodeJS.ErrnoException).code ?? error) : error.message;
  if (probe.httpGet === undefined) return message;
  const { scheme = "HTTP", host = target.podIp, port, path = "/" } = probe.httpGet;
  return `Get "${scheme.toLowerCase()}://${host}:${port}${path}": ${message}`;
}
