import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface TestPrometheus {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface TestPrometheusOptions {
  /** The text of its configuration file. */
  config: string;
  /** Of its web configuration file: who may ask, and TLS. */
  web?: string;
  /** Defaults to 127.0.0.1. */
  host?: string;
}

/** Debian's Prometheus with a configuration of its own; settles when it answers. What it keeps goes when it stops. */
export async function startTestPrometheus({
  config,
  web = "",
  host = "127.0.0.1",
}: TestPrometheusOptions): Promise<TestPrometheus> {
  const directory = await mkdtemp(join(tmpdir(), "jdos-prometheus-"));
  const at = (name: string) => join(directory, name);
  await writeFile(at("prometheus.yml"), config);
  await writeFile(at("web.yml"), web);
  const port = await freePort(host);
  const child = spawn(
    "prometheus",
    [
      `--config.file=${at("prometheus.yml")}`,
      `--web.config.file=${at("web.yml")}`,
      `--web.listen-address=${host}:${port}`,
      `--storage.tsdb.path=${at("data")}`,
      "--log.level=warn",
    ],
    { stdio: "ignore" },
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    await rm(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (child.exitCode !== null) {
      await stop();
      throw new Error(`Prometheus ended with code ${child.exitCode}`);
    }
    const url = `http://${host}:${port}`;
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (answer?.status === 200 || answer?.status === 401) return { url, pid: child.pid!, stop };
    if (Date.now() > deadline) {
      await stop();
      throw new Error("Prometheus does not answer");
    }
    await sleep(50);
  }
}

export interface TestExposition {
  /** HOST:PORT, for static_configs. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Serves what `text` returns to whoever scrapes it. */
export async function startTestExposition(text: () => string): Promise<TestExposition> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function freePort(host: string): Promise<number> {
  const server = createTcpServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
