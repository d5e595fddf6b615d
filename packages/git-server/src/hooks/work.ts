import { type Application, Applications, Builds, isBuildEnded, type Webhook } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";
import { buildsOf, ensureBuild, requesterOf, verdictOf } from "./builds.ts";
import type { Delivery, Verdict } from "./deliveries/delivery.ts";
import type { DeliveryStore } from "./deliveries/store.ts";
import { judge, type Work } from "./judge.ts";
import { ensurePreview, removePreview } from "./previews/preview.ts";

/** A Build that was begun so lately is let go on before the next: what comes meanwhile is one Build. */
const HOLD_SECONDS = 30;
/** A preview that is opened again while it goes away waits for that. */
const LEAVING_SECONDS = 2;

export interface Subject {
  context: ReconcileContext;
  store: DeliveryStore;
  webhook: Stored<Webhook>;
}

/** Does what the queued deliveries of a Webhook ask for. Returns the seconds after which to look again, if any. */
export async function handleQueued(subject: Subject): Promise<number | undefined> {
  const { context, store, webhook } = subject;
  const queued = store.open(webhook.metadata.uid).filter(({ outcome }) => outcome === "Queued");
  if (queued.length === 0) return undefined;
  const { namespace = "" } = webhook.metadata;
  const application = await find(context.client, { namespace, name: webhook.spec.application });
  const verdicts = new Map<number, Verdict>();
  const groups = new Map<string, [Delivery, Work][]>();
  for (const delivery of queued) {
    const judgement = judge(delivery.event, webhook.spec.application, application);
    if ("verdict" in judgement) verdicts.set(delivery.sequence, judgement.verdict);
    else {
      const target = targetOf(judgement.work);
      groups.set(target, [...(groups.get(target) ?? []), [delivery, judgement.work]]);
    }
  }
  for (const group of groups.values()) {
    const newest = group.at(-1)![0];
    for (const [older] of group.slice(0, -1))
      verdicts.set(older.sequence, { outcome: "Coalesced", message: `Delivery ${newest.id} is newer` });
  }
  store.settle(verdicts);
  if (application === undefined) return undefined;
  const holds: number[] = [];
  const failures: unknown[] = [];
  for (const group of groups.values()) {
    const newest = group.at(-1)!;
    try {
      const done = await orRefused(handle(subject, application, newest));
      if (typeof done === "number") holds.push(done);
      else store.settle(new Map([[newest[0].sequence, done]]));
    } catch (error) {
      failures.push(error);
    }
  }
  // The others are done; this one is tried again.
  if (failures.length > 0) throw failures[0];
  return holds.length === 0 ? undefined : Math.min(...holds);
}

/** What the API server will never take is told to people: a quota, a name that is too long. */
async function orRefused(done: Promise<Verdict | number>): Promise<Verdict | number> {
  try {
    return await done;
  } catch (error) {
    if (!isStatus(error, "Forbidden", "Invalid")) throw error;
    return { outcome: "Refused", message: error.message.slice(0, 1000) };
  }
}

/** What takes the place of each other. */
function targetOf(work: Work): string {
  return work.kind === "build" ? "application" : `pull request ${work.pullRequest}`;
}

async function handle(
  subject: Subject,
  application: Stored<Application>,
  [delivery, work]: [Delivery, Work],
): Promise<Verdict | number> {
  if (work.kind === "build") return build(subject, application, { delivery, ...work });
  if (work.kind === "preview") return preview(subject, application, { delivery, ...work });
  const removed = await removePreview(subject.context.client, application, work.pullRequest);
  return removed === undefined
    ? { outcome: "Ignored", message: `Pull request ${work.pullRequest} has no preview` }
    : { outcome: "Removed", message: `Preview ${removed} goes away`, application: removed };
}

interface Asked {
  delivery: Delivery;
  ref: string;
  revision: string;
  pullRequest?: number;
}

async function build(
  { context, webhook }: Subject,
  application: Stored<Application>,
  { delivery, ref, revision, pullRequest }: Asked,
): Promise<Verdict | number> {
  const { name } = application.metadata;
  const under = (await buildsOf(context.client, application)).filter(
    (one) => one.spec.trigger?.kind === "Webhook" && !isBuildEnded(one),
  );
  const own = under.find(({ spec }) => spec.trigger?.delivery === delivery.id);
  const same = under.find(({ spec }) => spec.source.git?.revision === revision);
  const newest = under.sort((a, b) => a.spec.number - b.spec.number).at(-1);
  if (own === undefined && same !== undefined && same === newest)
    return {
      outcome: "Coalesced",
      message: `Build ${same.metadata.name} is of this revision`,
      application: name,
      build: same.metadata.name,
    };
  if (own === undefined && newest !== undefined) {
    const age = (context.now().getTime() - Date.parse(newest.metadata.creationTimestamp)) / 1000;
    // A clock that was set back does not hold anything up for longer.
    if (age < HOLD_SECONDS) return Math.min(HOLD_SECONDS, HOLD_SECONDS - age);
  }
  const made = await ensureBuild(context.client, application, {
    webhook: webhook.metadata.name,
    delivery,
    ref,
    revision,
    ...(pullRequest === undefined ? {} : { pullRequest }),
  });
  const begun: Verdict = {
    outcome: "Building",
    message: `Build ${made.metadata.name} builds ${revision.slice(0, 12)}`,
    application: name,
    build: made.metadata.name,
  };
  return verdictOf(made, { ...delivery, application: name, build: made.metadata.name }) ?? begun;
}

async function preview(
  subject: Subject,
  parent: Stored<Application>,
  asked: Asked,
): Promise<Verdict | number> {
  const { context, webhook } = subject;
  const { pullRequest = 0, revision, delivery } = asked;
  const application = await ensurePreview(context.client, parent, {
    pullRequest,
    revision,
    requestedBy: requesterOf(webhook.metadata.name, delivery),
    now: context.now(),
  });
  if (application === "leaving") return LEAVING_SECONDS;
  if ("refusal" in application) return { outcome: "Refused", message: application.refusal };
  return build(subject, application, asked);
}

/** Lets deliveries follow their Builds. */
export async function followBuilds({ context, store, webhook }: Subject): Promise<void> {
  const { namespace = "" } = webhook.metadata;
  const verdicts = new Map<number, Verdict>();
  for (const delivery of store.open(webhook.metadata.uid)) {
    if (delivery.outcome !== "Building" || delivery.build === undefined) continue;
    const key = { namespace, name: delivery.build };
    // What was made a moment ago may not be seen yet.
    const found = context.informers.for(Builds).lister.get(key) ?? (await findBuild(context.client, key));
    const verdict = verdictOf(found, delivery);
    if (verdict !== undefined) verdicts.set(delivery.sequence, verdict);
  }
  store.settle(verdicts);
}

interface Key {
  namespace: string;
  name: string;
}

function find(client: Client, key: Key): Promise<Stored<Application> | undefined> {
  return orGone(client.get(Applications, key));
}

function findBuild(client: Client, key: Key) {
  return orGone(client.get(Builds, key));
}

async function orGone<T>(got: Promise<T>): Promise<T | undefined> {
  try {
    return await got;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
