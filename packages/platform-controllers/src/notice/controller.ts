import {
  Applications,
  type Build,
  Builds,
  NOTICED_ANNOTATION,
  type NoticeStatus,
  Releases,
  Secrets,
  type System,
  type SystemNotice,
  Systems,
} from "@jdos/api";
import { type DeepReadonly, deepEqual, isStatus, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import type { NoticeSettings } from "../options.ts";
import { bodyOf, type Happening, happeningsOf, idOf, noticed } from "./happenings.ts";
import { post } from "./post.ts";
import { type Reachable, reachable } from "./reachable.ts";

type Notice = DeepReadonly<SystemNotice>;
type Status = DeepReadonly<NoticeStatus>;

/** Of one System in one go; the rest follows. */
const MAX_IN_A_GO = 5;
const MARK_ATTEMPTS = 10;
/** Of one object: those of notices that are there. */
const MAX_MARKS = 50;
const MAX_BACK_OFF_SECONDS = 3600;
/** Systems at once: an address that does not answer holds up its own alone. */
const CONCURRENCY = 16;

/**
 * Tells whoever a System names when its builds and releases end: in their order, each at least once, or as often as
 * `attempts` says when it does not arrive. What was told stands on the Build or Release, what is being tried in the
 * System's status.
 */
export function noticeController(settings: NoticeSettings): ControllerOptions {
  const ofSystem = ({ metadata }: { readonly metadata: { readonly namespace?: string } }): ObjectKey[] => [
    { namespace: "", name: metadata.namespace ?? "" },
  ];
  const may = reachable(settings.allow);
  return {
    name: "notice",
    for: Systems,
    watches: [
      { type: Builds, keys: ofSystem },
      { type: Releases, keys: ofSystem },
    ],
    concurrency: CONCURRENCY,
    minIntervalSeconds: 0.1,
    reconcile: (context, { name }) => reconcileNotices(context, { name, settings, reachable: may }),
  };
}

interface Options {
  name: string;
  settings: NoticeSettings;
  reachable: Reachable;
}

async function reconcileNotices(context: ReconcileContext, options: Options): Promise<Result | undefined> {
  const known = context.informers.for(Systems).lister.get({ namespace: "", name: options.name });
  const isQuiet = (known?.spec.notices ?? []).length === 0 && known?.status?.notices === undefined;
  if (known === undefined || known.metadata.deletionTimestamp !== undefined || isQuiet) return;
  const system = await context.client.get(Systems, { name: options.name });
  const now = context.now();
  const before = system.status?.notices ?? [];
  const start = (system.spec.notices ?? []).map(
    ({ name }) => before.find((each) => each.name === name) ?? { name, since: now.toISOString() },
  );
  // What ends from now on is told, even when this run is killed before it tells anything.
  if (!deepEqual(start, before)) await write(context, system, start);
  const ends = await Promise.all(
    (system.spec.notices ?? []).map((notice, n) =>
      tellAll(context, { ...options, system, notice, status: start[n]! }),
    ),
  );
  const statuses = ends.map(({ status }) => status);
  if (!deepEqual(statuses, start)) await write(context, system, statuses);
  const waits = ends.flatMap(({ status, more }) =>
    more ? [0.1] : status.nextTime === undefined ? [] : [secondsUntil(status.nextTime, context.now())],
  );
  return waits.length === 0 ? undefined : { requeueAfterSeconds: Math.min(...waits) };
}

interface Telling extends Options {
  system: Stored<System>;
  notice: Notice;
  status: Status;
}

/** Tells one notice what it was not told yet, until one does not arrive. */
async function tellAll(
  context: ReconcileContext,
  telling: Telling,
): Promise<{ status: Status; more: boolean }> {
  const { notice } = telling;
  let { status } = telling;
  if (status.nextTime !== undefined && Date.parse(status.nextTime) > context.now().getTime())
    return { status, more: false };
  const open = openOf(context, telling);
  for (const happening of open.slice(0, MAX_IN_A_GO)) {
    if (await isTold(context, notice, happening)) continue;
    const message = await tell(context, telling, happening);
    const attempts = (status.pending === idOf(happening) ? (status.attempts ?? 0) : 0) + 1;
    const { name, since, deliveredTime } = status;
    if (message === undefined) {
      await mark(context, notice, happening);
      status = { name, since, deliveredTime: context.now().toISOString() };
      continue;
    }
    warn(context, telling, { happening, message, attempts });
    const wait = Math.min(telling.settings.retrySeconds * 2 ** (attempts - 1), MAX_BACK_OFF_SECONDS);
    const nextTime = new Date(context.now().getTime() + wait * 1000).toISOString();
    const isOver = attempts >= telling.settings.attempts;
    if (isOver) await mark(context, notice, happening);
    status = {
      ...{ name, since, nextTime, message },
      ...(isOver ? {} : { pending: idOf(happening), attempts }),
      ...(deliveredTime === undefined ? {} : { deliveredTime }),
    };
    return { status, more: false };
  }
  if (open.length === 0 && status.nextTime !== undefined) {
    const { nextTime: _, pending: __, attempts: ___, ...rest } = status;
    status = rest;
  }
  return { status, more: open.length > MAX_IN_A_GO };
}

function openOf({ informers }: ReconcileContext, { name, notice, status }: Telling): Happening[] {
  const since = Date.parse(status.since);
  const all = happeningsOf(
    informers.for(Builds).lister.list(name),
    informers.for(Releases).lister.list(name),
  );
  return all.filter(
    (each) =>
      // Times of objects have no fractions of a second.
      Date.parse(each.time) >= since - (since % 1000) &&
      (notice.events === undefined || notice.events.includes(each.event)) &&
      !noticed(each.about.object).includes(`${notice.name}/${each.event}`),
  );
}

/** Why it did not arrive; undefined: it did. */
async function tell(
  context: ReconcileContext,
  { name, notice, settings, reachable: may }: Telling,
  happening: Happening,
): Promise<string | undefined> {
  const url = notice.urlSecret === undefined ? notice.url : await secretOf(context, name, notice.urlSecret);
  const secret = notice.secret === undefined ? undefined : await secretOf(context, name, notice.secret);
  if (url === undefined)
    return notice.urlSecret === undefined ? "it has no address" : missing(notice.urlSecret);
  // Unsigned, whoever checks signatures would take it for somebody else's.
  if (notice.secret !== undefined && secret === undefined) return missing(notice.secret);
  const { application } = happening.about.object.spec;
  const owner = context.informers.for(Applications).lister.get({ namespace: name, name: application });
  return post({
    url,
    secret,
    ...{ id: idOf(happening), event: happening.event, body: JSON.stringify(bodyOf(happening, owner)) },
    ...{
      now: context.now(),
      timeoutSeconds: settings.timeoutSeconds,
      reachable: may,
      signal: context.signal,
    },
  });
}

interface SecretKey {
  readonly name: string;
  readonly key: string;
}

function missing({ name, key }: SecretKey): string {
  return `Secret "${name}" with key "${key}" is not there`;
}

async function secretOf(
  { client }: ReconcileContext,
  namespace: string,
  { name, key }: SecretKey,
): Promise<string | undefined> {
  try {
    const value = (await client.get(Secrets, { namespace, name })).data?.[key];
    return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8").trim();
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Whether it needs no further try; asked of the server, for what this process saw may be behind what it wrote. */
async function isTold(
  { client }: ReconcileContext,
  { name }: Notice,
  happening: Happening,
): Promise<boolean> {
  const { event, about } = happening;
  const object = await find(client, about);
  return object === undefined || noticed(object).includes(`${name}/${event}`);
}

/** That this notice needs no further try. */
async function mark(
  { client }: ReconcileContext,
  { name }: Notice,
  { event, about }: Happening,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const object = await find(client, about);
    if (object === undefined) return;
    const { resourceVersion } = object.metadata;
    // Other notices are marked at the same time: under the lock, from what is there now.
    const said = [...noticed(object), `${name}/${event}`].slice(-MAX_MARKS).join(",");
    const body = { metadata: { resourceVersion, annotations: { [NOTICED_ANNOTATION]: said } } };
    try {
      await client.patch(typeOf(about), keyOf(about.object), { type: "merge", body });
      return;
    } catch (error) {
      if (!isStatus(error, "Conflict") || attempt === MARK_ATTEMPTS) throw error;
    }
  }
}

type About = Happening["about"];

function typeOf({ kind }: About): typeof Builds {
  return (kind === "Build" ? Builds : Releases) as typeof Builds;
}

async function find(client: Client, about: About): Promise<Stored<Build> | undefined> {
  try {
    const object = await client.get(typeOf(about), keyOf(about.object));
    return object.metadata.uid === about.object.metadata.uid ? object : undefined;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

interface Failure {
  happening: Happening;
  message: string;
  attempts: number;
}

function warn(
  context: ReconcileContext,
  { system, notice, settings }: Telling,
  { happening, message, attempts }: Failure,
): void {
  const { event, about } = happening;
  const end = attempts >= settings.attempts ? "; it is not tried again" : "";
  const what = `Notice "${notice.name}" cannot tell ${event} of ${about.object.metadata.name}`;
  context.events.event(system, "Warning", "NoticeFailed", `${what} (try ${attempts}): ${message}${end}`);
}

async function write({ client }: ReconcileContext, { metadata }: Stored<System>, notices: readonly Status[]) {
  const body = { status: { notices: notices.length === 0 ? null : notices } };
  await client.patch(Systems, { name: metadata.name }, { type: "merge", body }, { subresource: "status" });
}

function secondsUntil(time: string, now: Date): number {
  return Math.max((Date.parse(time) - now.getTime()) / 1000, 0.1);
}
