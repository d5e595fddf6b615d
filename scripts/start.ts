import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const root = resolve(import.meta.dirname, "..");
const SYSTEM = "demo";
const APPLICATION = "hello";

/** Little memory while idle: a small young generation, and a collection after the start. */
const NODE_OPTIONS = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=8", "--expose-gc"];

interface ProgressLine {
  readonly stage: string;
  readonly state: "started" | "running" | "succeeded" | "failed";
  readonly seconds: number;
  readonly message?: string;
}

interface Deployed {
  readonly url: string;
  readonly seconds: Readonly<Record<string, number>>;
}

/** Brings the platform up in a session of its own, so that one Ctrl-C is one request to stop. */
async function startPlatform(args: readonly string[]): Promise<ChildProcess> {
  const main = join(root, "packages/jdosd/src/main.ts");
  const platform = spawn(process.execPath, [...NODE_OPTIONS, main, "run", ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = () => platform.kill("SIGTERM");
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  for await (const text of createInterface({ input: platform.stdout! })) {
    const line = JSON.parse(text) as ProgressLine;
    showProgress(line);
    if (line.stage === "ready") return platform;
  }
  if (platform.exitCode === null && platform.signalCode === null) await once(platform, "exit");
  process.exit(platform.exitCode || 1);
}

function showProgress({ stage, state, seconds, message }: ProgressLine): void {
  if (state === "running") console.log(`  ${stage}: ${message}`);
  else if (state === "succeeded") console.log(`✔ ${stage.padEnd(22)} ${seconds.toFixed(1)} s`);
  else if (state === "failed") console.log(`✖ ${stage.padEnd(22)} ${seconds.toFixed(1)} s`);
}

/** Runs the jdos command; its progress is shown, its JSON is the answer. */
async function jdos(args: readonly string[]): Promise<string> {
  const command = join(root, "packages/cli/src/main.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", command, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`Cannot run "jdos ${args.join(" ")}": exit code ${code}`);
  return output;
}

async function ensureSystem(common: readonly string[]): Promise<void> {
  const systems = JSON.parse(await jdos(["system", "list", "-o", "json", ...common])) as unknown;
  if (JSON.stringify(systems).includes(`"name":"${SYSTEM}"`)) return;
  await jdos(["system", "create", SYSTEM, ...common]);
}

/** What an application answers. Node does not resolve *.localhost: the name travels in the Host header. */
async function answerOf(url: string): Promise<string> {
  const { host, port, pathname } = new URL(url);
  const asked = request({ host: "127.0.0.1", port: port || 80, path: pathname, headers: { host } });
  asked.end();
  const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  const body = Buffer.concat(await response.toArray()).toString("utf8");
  if (response.statusCode !== 200) throw new Error(`Cannot use ${url}: it answers ${response.statusCode}`);
  return body.trim();
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const dataDir = args.indexOf("--data-dir");
  const common = dataDir < 0 ? [] : args.slice(dataDir, dataDir + 2);
  const platform = await startPlatform(args);
  try {
    await ensureSystem(common);
    const target = ["--system", SYSTEM, "--app", APPLICATION];
    const example = join(root, "examples/hello-node");
    const deployed = JSON.parse(
      await jdos(["deploy", example, ...target, "-o", "json", ...common]),
    ) as Deployed;
    console.log(
      `\n${deployed.url}\n${await answerOf(deployed.url)}\n\nCtrl-C stops the platform; applications go on serving until ./jdos down.`,
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    platform.kill("SIGTERM");
    process.exitCode = 1;
  }
  if (platform.exitCode === null && platform.signalCode === null) await once(platform, "exit");
}

await main();
