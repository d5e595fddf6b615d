import { DEPLOY_BRANCHES, matchesRef } from "@jdos/api";
import type { Logger } from "@jdos/component-base";
import { GitServerError } from "../errors.ts";
import { type PlatformClient, passedOn } from "../platform/platform-client.ts";
import type { Git } from "../repositories/git.ts";
import type { Repositories } from "../repositories/repositories.ts";
import {
  type Deployable,
  type DeployOptions,
  followDeploy,
  mayPass,
  requestDeploy,
  sentencesOf,
} from "./deploy.ts";
import type { PendingPushes } from "./pending.ts";
import { Report } from "./report.ts";
import type { PushSession } from "./session.ts";
import { checkUpdates, isNone, nameOf, type RefUpdate, short } from "./update.ts";

export interface PusherOptions {
  git: Git;
  repositories: Repositories;
  platform: PlatformClient;
  pending: PendingPushes;
  log: Logger;
  /** The platform is asked again for so long. Defaults to 120. */
  patienceSeconds?: number;
}

/** What a push is besides its refs: an Application where there is none yet, and a deploy. */
export class Pusher {
  readonly #options: PusherOptions;
  readonly #stopping = new AbortController();
  /** Of each repository the push that came last, and the one that is being asked for. */
  readonly #latest = new Map<string, string>();
  readonly #asking = new Map<string, Promise<unknown>>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: PusherOptions) {
    this.#options = options;
  }

  /** Before refs are written: all that can be refused is refused here. */
  async prepare(session: PushSession, updates: readonly RefUpdate[]): Promise<void> {
    const { repositories, pending, platform } = this.#options;
    const { name, token } = session;
    session.received();
    checkUpdates(updates);
    if (!session.access.exists) {
      await platform
        .call("POST", "application", { token, name, body: {} })
        .catch((error: { code?: string }) => {
          if (error.code !== "AlreadyExists") throw passedOn(error);
        });
      session.access = (await platform.call("GET", "access", { token, name }).catch((error) => {
        throw passedOn(error);
      })) as PushSession["access"];
    }
    if (session.access.uid === undefined)
      throw new GitServerError("Unavailable", "Cannot take the push: the application is being made", {
        hint: "Push again in a moment",
      });
    await repositories.bind(name, session.access.uid);
    await pending.add(session.id, { name, updates });
  }

  /** After refs are written. Nothing that fails here undoes the push of a commit that is at fault. */
  async deploy(
    session: PushSession,
    updates: readonly RefUpdate[],
    say: (line: string) => void,
  ): Promise<void> {
    const running = this.#deploy(session, updates, new Report(say));
    this.#underWay.add(running);
    try {
      await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  /** Waits a little for deploys that nobody has accepted yet. */
  async stop(): Promise<void> {
    const asked = Promise.allSettled([...this.#asking.values()]);
    await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 8_000).unref())]);
    this.#stopping.abort();
    await Promise.allSettled([...this.#underWay]);
  }

  async #deploy(session: PushSession, updates: readonly RefUpdate[], report: Report): Promise<void> {
    const { pending, log } = this.#options;
    const wanted: Deployable[] = [];
    for (const update of updates) {
      const found = await this.#judge(session, update, report);
      if (found !== undefined) wanted.push(found);
    }
    const last = wanted.at(-1);
    if (last === undefined) return pending.settle(session.id);
    for (const { ref } of wanted.slice(0, -1))
      report.line(`${ref} is kept; of one push only ${last.ref} is deployed`);
    try {
      await this.#deployOne(last, { session, updates, report });
    } catch (error) {
      if (this.#stopping.signal.aborted)
        return report.line("The git server stops; the deploy goes on without being watched");
      log.info({ err: error, ...session.name }, "Stopped showing a deploy");
      for (const sentence of sentencesOf(error)) report.line(sentence);
    }
  }

  async #deployOne(
    wanted: Deployable,
    { session, updates, report }: { session: PushSession; updates: readonly RefUpdate[]; report: Report },
  ): Promise<void> {
    const { git, repositories, platform, pending, patienceSeconds = 120 } = this.#options;
    const { system, app } = session.name;
    const repository = repositories.pathOf(session.name);
    const options: DeployOptions = {
      git,
      repository,
      platform,
      session,
      report,
      patienceSeconds,
      signal: this.#stopping.signal,
    };
    report.step(`Deploying ${short(wanted.commit)} of ${wanted.ref} to ${system}/${app}`);
    const accepted = await this.#inTurn(`${system}/${app}`, session, async (isLatest) => {
      if (!isLatest()) {
        report.step(
          "Not deployed: a newer push of this application has come meanwhile, and is deployed instead",
        );
        await pending.settle(session.id);
        return undefined;
      }
      try {
        const taken = await requestDeploy(wanted, options);
        await pending.settle(session.id);
        return taken;
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        const [message, ...hints] = sentencesOf(error);
        report.step(`Not deployed: ${message}`);
        for (const hint of hints) report.line(hint);
        if (mayPass(error)) {
          await pending.takeBack(session.id, { name: session.name, updates });
          report.line("The push was taken back: push again when this is mended");
        } else await pending.settle(session.id);
        return undefined;
      }
    });
    if (accepted !== undefined) await followDeploy(accepted, options);
  }

  /** One after another for each application; whoever is overtaken while it waits is told so. */
  async #inTurn<T>(
    key: string,
    { id }: PushSession,
    ask: (isLatest: () => boolean) => Promise<T>,
  ): Promise<T> {
    this.#latest.set(key, id);
    const before = this.#asking.get(key) ?? Promise.resolve();
    const run = (): Promise<T> => ask(() => this.#latest.get(key) === id);
    const mine = before.then(run, run);
    this.#asking.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#asking.get(key) === mine) {
        this.#asking.delete(key);
        this.#latest.delete(key);
      }
    }
  }

  /** Says what becomes of one ref; the commit where it is deployed. */
  async #judge(session: PushSession, update: RefUpdate, report: Report): Promise<Deployable | undefined> {
    const { kind, name } = nameOf(update.ref);
    const { triggers } = session.access;
    const patterns = kind === "tag" ? (triggers?.tags ?? []) : (triggers?.branches ?? DEPLOY_BRANCHES);
    const deploys = kind !== "other" && matchesRef(name, patterns);
    if (isNone(update.after)) {
      report.step(`Deleted ${kind} ${name}${deploys ? "; what runs goes on" : ""}`);
      return undefined;
    }
    if (await this.#isForced(session, update)) report.step(`Replaced the history of ${name} (a forced push)`);
    if (!deploys) {
      const which = patterns.length === 0 ? "no tag is deployed" : `deployed: ${patterns.join(", ")}`;
      report.step(`Kept ${kind} ${name}, which is not deployed (${which})`);
      return undefined;
    }
    const commit = await this.#commitOf(session, update.after);
    if (commit === undefined) report.step(`Kept ${kind} ${name}: it leads to no commit`);
    else if (kind === "branch") await this.#leadHead(session, update.ref);
    return commit === undefined ? undefined : { ref: name, commit };
  }

  /** Who clones gets a deploy branch: HEAD leads to one that is there. */
  async #leadHead({ name }: PushSession, ref: string): Promise<void> {
    const { git, repositories } = this.#options;
    const repository = repositories.pathOf(name);
    const args = ["rev-parse", "--verify", "--quiet", "HEAD"];
    const head = await git.run(repository, args, { okExitCodes: [0, 1, 128] });
    if (head.trim() === "") await git.run(repository, ["symbolic-ref", "HEAD", ref]);
  }

  async #isForced({ name }: PushSession, { ref, before, after }: RefUpdate): Promise<boolean> {
    if (isNone(before) || nameOf(ref).kind !== "branch") return false;
    const { git, repositories } = this.#options;
    return git.run(repositories.pathOf(name), ["merge-base", "--is-ancestor", before, after]).then(
      () => false,
      () => true,
    );
  }

  async #commitOf({ name }: PushSession, oid: string): Promise<string | undefined> {
    const { git, repositories } = this.#options;
    const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${oid}^{commit}`];
    const said = await git.run(repositories.pathOf(name), args, { okExitCodes: [0, 1, 128] });
    return said.trim() === "" ? undefined : said.trim();
  }
}
