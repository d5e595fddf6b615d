import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock, Logger } from "@jdos/component-base";
import { LoadBalancerError } from "../errors.ts";
import type { Desired } from "../model/desired.ts";
import { type Counted, readCodes, readLatency } from "./backend-counts.ts";
import { sendCommand } from "./command-socket.ts";
import { type Files, filesIn, MAP_NAMES, type MapName, replaceFile } from "./files.ts";
import { addressOf, EMPTY_LAYOUT, type Layout, layOut, type Slot, shapeOf } from "./layout.ts";
import { CONFIG_REVISION, renderConfig, slotName } from "./render-config.ts";
import { renderMap, routeMaps } from "./route-maps.ts";

export interface HaproxyOptions {
  configDirectory: string;
  listenAddress: string;
  httpPort: number;
  log: Logger;
  clock: Clock;
}

/** Commands sent at once; HAProxy's buffer holds 16 KiB. */
const COMMANDS_AT_ONCE = 60;
const RELOAD_TIMEOUT_MILLIS = 10_000;

/**
 * One HAProxy and the directory shared with it. apply() writes the files first, so that HAProxy may be killed at any
 * time, and then brings the running process to the same state by the smallest change.
 */
export class Haproxy {
  readonly #options: HaproxyOptions;
  readonly #files: Files;
  #layout: Layout = EMPTY_LAYOUT;
  #servedPorts: ReadonlySet<number> = new Set();
  #maps: Record<MapName, Map<string, string>> | undefined;
  /** What the running process was last told; undefined: it has to be told everything. */
  #told: { worker: string; layout: Layout; maps: Record<MapName, Map<string, string>> } | undefined;

  constructor(options: HaproxyOptions) {
    this.#options = options;
    this.#files = filesIn(options.configDirectory);
  }

  /** Reads the layout of an earlier life, if there was one. */
  async open(): Promise<void> {
    await mkdir(dirname(this.#files.config), { recursive: true, mode: 0o755 });
    if (existsSync(this.#files.layout))
      this.#layout = JSON.parse(await readFile(this.#files.layout, "utf8")) as Layout;
    this.#servedPorts = portsOf(this.#layout);
  }

  /** TCP ports that HAProxy is known to listen on. */
  get servedPorts(): ReadonlySet<number> {
    return this.#servedPorts;
  }

  /**
   * Writes the files, and tells the running process.
   * @throws LoadBalancerError HaproxyUnreachable when none runs (it will read the files), ReloadFailed, HaproxyRefused
   */
  async apply(desired: Desired): Promise<void> {
    const layout = layOut(desired, this.#layout);
    const maps = routeMaps(desired.routes, layout);
    await this.#writeFiles(layout, maps);
    this.#layout = layout;
    this.#maps = maps;
    await this.converge();
  }

  /** Brings the running process to what was last applied; cheap when it is there already. */
  async converge(): Promise<void> {
    if (this.#maps === undefined) return;
    const layout = this.#layout;
    const maps = this.#maps;
    const version = versionOf(layout);
    let info = await this.#info();
    if (info.version !== version) {
      await this.#reload(version);
      info = await this.#info();
      this.#told = undefined;
    }
    this.#servedPorts = portsOf(layout);
    if (this.#told?.worker !== info.worker) this.#told = undefined;
    try {
      // A route that is new finds its servers there.
      await this.#tellServers(layout);
      await this.#tellMaps(maps);
      this.#told = { worker: info.worker, layout, maps };
    } catch (error) {
      // Half of it may have been done.
      this.#told = undefined;
      throw error;
    }
  }

  /**
   * What each of HAProxy's backends counted since the worker started.
   * @throws LoadBalancerError HaproxyUnreachable
   */
  async counted(): Promise<Counted> {
    const { worker } = await this.#info();
    const codes = readCodes(await sendCommand(this.#files.adminSocket, "show stat -1 2 -1"));
    const latency = readLatency(await sendCommand(this.#files.adminSocket, "show table latency"));
    const slots = this.#layout.backends.flatMap(({ name, serves }) => {
      const counts = codes.get(name);
      return counts === undefined ? [] : [{ name, serves, codes: counts, latency: latency.get(name) ?? [] }];
    });
    return { worker, slots };
  }

  async #writeFiles(layout: Layout, maps: Record<MapName, Map<string, string>>): Promise<void> {
    const { listenAddress, httpPort } = this.#options;
    await replaceFile(this.#files.layout, JSON.stringify(layout));
    const text = renderConfig(layout, {
      files: this.#files,
      listenAddress,
      httpPort,
      version: versionOf(layout),
    });
    await replaceFile(this.#files.config, text);
    for (const name of MAP_NAMES) await replaceFile(this.#files.maps[name], renderMap(maps[name]));
  }

  /** The worker that answers now, and the version of the configuration it runs. */
  async #info(): Promise<{ worker: string; version: string }> {
    const text = await sendCommand(this.#files.adminSocket, "show info");
    const field = (name: string): string => new RegExp(`^${name}: ?(.*)$`, "m").exec(text)?.[1] ?? "";
    return { worker: field("Pid"), version: field("description") };
  }

  async #reload(version: string): Promise<void> {
    const { log, clock } = this.#options;
    log.info({ version }, "Reloading HAProxy");
    const deadline = clock.monotonicMillis() + RELOAD_TIMEOUT_MILLIS;
    await this.#askForReload(deadline);
    while (clock.monotonicMillis() < deadline) {
      const info = await this.#info().catch(() => undefined);
      if (info?.version === version) return;
      await clock.sleep(20);
    }
    throw new LoadBalancerError(
      "ReloadFailed",
      `Cannot reload HAProxy: version "${version}" does not answer`,
      {
        hint: "The earlier configuration still serves; see the log of the haproxy Pod for the line it refuses",
      },
    );
  }

  /** The master does not listen for a moment after each reload, when it becomes a new program. */
  async #askForReload(deadline: number): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      try {
        await sendCommand(this.#files.masterSocket, "reload");
        return;
      } catch (error) {
        if (clock.monotonicMillis() > deadline) throw error;
        await clock.sleep(20);
      }
    }
  }

  async #tellMaps(maps: Record<MapName, Map<string, string>>): Promise<void> {
    for (const name of MAP_NAMES) {
      const told = this.#told?.maps[name];
      if (told !== undefined && renderMap(told) === renderMap(maps[name])) continue;
      await this.#exchangeMap(this.#files.maps[name], maps[name]);
    }
  }

  /** A new version of the map is filled beside the old one and takes its place in one step. */
  async #exchangeMap(file: string, map: ReadonlyMap<string, string>): Promise<void> {
    const answer = await sendCommand(this.#files.adminSocket, `prepare map ${file}`);
    const version = /New version created: (\d+)/.exec(answer)?.[1];
    if (version === undefined) throw this.#refused(`prepare map ${file}`, answer);
    await this.#send([...map].map(([key, value]) => `add map @${version} ${file} ${key} ${escaped(value)}`));
    await this.#send([`commit map @${version} ${file}`]);
  }

  /** Servers that come are told before those that go, so that there is always one to answer. */
  async #tellServers(layout: Layout): Promise<void> {
    const told = new Map(this.#told?.layout.backends.map((backend) => [backend.name, backend.slots]));
    const arrivals: string[] = [];
    const departures: string[] = [];
    for (const { name, slots } of layout.backends) {
      const before = told.get(name);
      for (const [index, slot] of slots.entries()) {
        const known = before === undefined ? undefined : (before[index] ?? null);
        const list = slot?.state === "ready" ? arrivals : departures;
        list.push(...slotCommands(`${name}/${slotName(index)}`, slot, known));
      }
    }
    await this.#send(arrivals);
    await this.#send(departures);
  }

  async #send(commands: readonly string[]): Promise<void> {
    for (let start = 0; start < commands.length; start += COMMANDS_AT_ONCE) {
      const batch = commands.slice(start, start + COMMANDS_AT_ONCE);
      const answer = await sendCommand(this.#files.adminSocket, batch.join("; "));
      const complaint = answer.split("\n").find(isComplaint);
      if (complaint !== undefined)
        throw this.#refused(batch.length === 1 ? batch[0]! : `${batch.length} commands`, complaint);
    }
  }

  #refused(command: string, answer: string): LoadBalancerError {
    return new LoadBalancerError(
      "HaproxyRefused",
      `Cannot change HAProxy by "${command}": it answered "${answer}"`,
      {
        hint: "It will be told everything again",
      },
    );
  }
}

function portsOf({ tcp }: Layout): ReadonlySet<number> {
  return new Set(tcp.map(({ port }) => port));
}

/** One word of HAProxy's command language. */
function escaped(value: string): string {
  return value.replaceAll(/[\\; ]/g, "\\$&");
}

/** HAProxy answers a change of address with a sentence, and nothing else with anything. */
function isComplaint(line: string): boolean {
  return (
    line.trim() !== "" &&
    !/^(no need to change|IP changed|port changed|.*changed from|Transaction)/.test(line.trim())
  );
}

/** Brings a slot from `before` (undefined: unknown) to `slot`. The address changes while the slot takes nothing. */
function slotCommands(name: string, slot: Slot, before: Slot | undefined): string[] {
  if (slot === null) return before === null ? [] : [`set server ${name} state maint`];
  const state = `set server ${name} state ${slot.state === "ready" ? "ready" : "drain"}`;
  const weight = `set server ${name} weight ${slot.state === "ready" ? 1 : 0}`;
  if (before !== undefined && before !== null && addressOf(before) === addressOf(slot)) {
    return before.state === slot.state ? [] : [weight, state];
  }
  const address = `set server ${name} addr ${slot.address} port ${slot.port}`;
  return before === undefined
    ? [address, weight, state]
    : [`set server ${name} state maint`, address, weight, state];
}

/** Names everything that only a reload can change. */
function versionOf(layout: Layout): string {
  return createHash("sha256")
    .update(`${CONFIG_REVISION} ${shapeOf(layout)}`)
    .digest("hex")
    .slice(0, 16);
}
