import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../run-command.ts";
import { freePort } from "./free-port.ts";

/** Debian's own, and what it needs that a plain Debian has not: 26 MB, unpacked beside the system and not into it. */
const DEBIAN_PACKAGES = [
  "clickhouse-server clickhouse-common libboost-filesystem1.74.0 libboost-program-options1.74.0 libcapnp-0.9.2",
  "libcctz2 libcpuinfo0 libdouble-conversion3 libfarmhash0 libicu72 libjemalloc2 libltdl7 libmariadb3 libmetrohash1",
  "libodbc2 libpcre3 libpococrypto80 libpocodata80 libpocodataodbc80 libpocofoundation80 libpocojson80",
  "libpocomongodb80 libpoconet80 libpoconetssl80 libpocoutil80 libpocoxml80 librdkafka1 libre2-9",
].flatMap((line) => line.split(" "));

export interface TestClickHouse {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** May read alone. */
  readonly reader: { user: string; password: string };
  stop(): Promise<void>;
  /** The same server on the same port again. */
  start(): Promise<void>;
}

/** Where a real ClickHouse server is, fetched once; a sentence why there is none. */
export async function clickhouseRoot(
  cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "jdos"),
): Promise<{ root: string } | { missing: string }> {
  const root = join(cache, "clickhouse-debian");
  if (existsSync(join(root, "usr/sbin/clickhouse-server"))) return { root };
  const work = await mkdtemp(join(tmpdir(), "jdos-clickhouse-"));
  try {
    await runCommand(["apt-get", "download", ...DEBIAN_PACKAGES], { cwd: work, timeoutSeconds: 240 });
    for (const file of await readdir(work))
      if (file.endsWith(".deb")) await runCommand(["dpkg", "-x", join(work, file), join(work, "root")]);
    await mkdir(cache, { recursive: true });
    await rename(join(work, "root"), root).catch(async (error: NodeJS.ErrnoException) => {
      // Another file system, or another run was first.
      if (error.code !== "EXDEV") throw error;
      await runCommand(["cp", "-a", join(work, "root"), `${root}.${process.pid}`]);
      await rename(`${root}.${process.pid}`, root);
    });
    return { root };
  } catch (error) {
    if (existsSync(join(root, "usr/sbin/clickhouse-server"))) return { root };
    return { missing: `Debian's ClickHouse cannot be fetched here: ${(error as Error).message}` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Starts a ClickHouse server with a data directory of its own, on an address of this machine. */
export async function startTestClickHouse(root: string, host = "127.0.0.1"): Promise<TestClickHouse> {
  const directory = await mkdtemp(join(tmpdir(), "jdos-clickhouse-"));
  const port = await freePort();
  await writeFile(join(directory, "config.xml"), configOf(directory, { host, port }));
  await writeFile(join(directory, "users.xml"), USERS);
  const libraries = ["usr/lib", "lib"].map((path) => join(root, path, "x86_64-linux-gnu")).join(":");
  const url = `http://${host}:${port}`;
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(
      join(root, "usr/sbin/clickhouse-server"),
      [`--config-file=${join(directory, "config.xml")}`],
      {
        env: { LD_LIBRARY_PATH: libraries },
        stdio: "ignore",
      },
    );
    await untilAnswers(url, child);
  };
  const end = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  await start();
  return {
    url,
    user: "jdos",
    password: "s3cret'\\",
    reader: { user: "reader", password: "reads" },
    start,
    async stop() {
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`The ClickHouse server ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/ping`).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(100);
  }
  throw new Error("The ClickHouse server does not answer in 30 s");
}

function configOf(directory: string, { host, port }: { host: string; port: number }): string {
  return `<yandex>
  <logger><level>none</level><console>1</console></logger>
  <listen_host>${host}</listen_host>
  <http_port>${port}</http_port>
  <path>${directory}/data/</path>
  <tmp_path>${directory}/tmp/</tmp_path>
  <users_config>${directory}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>5368709</mark_cache_size>
</yandex>`;
}

const USERS = `<yandex>
  <profiles><default/><readonly><readonly>1</readonly></readonly></profiles>
  <users>
    <jdos><password>s3cret'\\</password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></jdos>
    <reader><password>reads</password><networks><ip>::/0</ip></networks><profile>readonly</profile><quota>default</quota></reader>
  </users>
  <quotas><default/></quotas>
</yandex>`;
