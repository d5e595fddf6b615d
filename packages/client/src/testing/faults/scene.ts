import { it } from "node:test";
import type { Client } from "../../client.ts";
import type { HttpClientOptions } from "../../http/http-client.ts";
import { type FaultyProxy, type ProxyTarget, type SeenRequest, startFaultyProxy } from "./faulty-proxy.ts";
import { FollowedWorld } from "./followed-world.ts";

/** A server whose faults are played by a proxy in front of it, and those it must play itself. */
export interface FaultSubject {
  /** How the proxy reaches the server; may change when it restarts. */
  target(): ProxyTarget;
  /** A client of the server itself. */
  admin(): Client;
  /** Stops the server and starts it again with its data; resolves when it serves. */
  restart(): Promise<void>;
  /** Makes every present revision of ConfigMaps too old to watch from. */
  forgetHistory(): Promise<void>;
  stop(): Promise<void>;
}

/** Something that happens to the server for a while; played where the server can be made to. */
export interface Outage {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** What a test has to itself. */
export interface Scene {
  proxy: FaultyProxy;
  subject: FaultSubject;
  /** A world behind the proxy, whose informer is not started. */
  follow(http?: Partial<HttpClientOptions>): Promise<FollowedWorld>;
}

/** `it` with a scene of its own, so that such tests may run side by side. */
export type Check = (title: string, play: (scene: Scene) => Promise<void>) => void;

export function checkWith(subject: () => FaultSubject): Check {
  return (title, play) =>
    void it(title, async () => {
      const proxy = await startFaultyProxy(subject().target());
      const worlds: FollowedWorld[] = [];
      const follow = async (http?: Partial<HttpClientOptions>): Promise<FollowedWorld> => {
        const admin = (): Client => subject().admin();
        const world = await FollowedWorld.create({ admin, proxy, ...(http && { http }) });
        worlds.push(world);
        return world;
      };
      try {
        await play({ proxy, subject: subject(), follow });
      } finally {
        await Promise.all(worlds.map((world) => world.stop()));
        await proxy.stop();
      }
    });
}

export const isWatch = (request: SeenRequest): boolean => request.isWatch;

export const isList = ({ method, isWatch, path }: SeenRequest): boolean =>
  method === "GET" && !isWatch && /\/configmaps(\?|$)/.test(path);

export const json = (value: object): string => JSON.stringify(value);

/** The answer to a revision that is too old. */
export const EXPIRED = { kind: "Status", reason: "Expired", code: 410, message: "too old resource version" };

/**
 * A watch that cannot be had is tried again after 0.05 to 0.1 s, then twice that, and so on: no more than eight times in
 * two seconds. `begin` is a time of performance.now(): a busy machine sleeps longer than it is told.
 */
export function mostTriesSince(begin: number): number {
  return 8 * Math.max(1, (performance.now() - begin) / 2000);
}
