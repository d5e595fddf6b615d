import { type PodStatus, Pods } from "@jdos/api";
import { deepEqual, StatusError } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Clock, Logger } from "@jdos/component-base";
import { namespaceOf, type PodObject } from "../pod/pod.ts";

export interface StatusManager {
  /** Writes the status unless the API has it already; the newest wins, older unwritten ones are skipped. */
  set(pod: PodObject, status: PodStatus): void;
  /** What was last set. */
  get(uid: string): PodStatus | undefined;
  /** Resolves when what was set has been written, or cannot be. */
  flush(uid: string): Promise<void>;
  /** Takes a Pod that has ended and is being deleted out of the API. */
  remove(pod: PodObject): Promise<void>;
  forget(uid: string): void;
}

export interface StatusManagerOptions {
  client: Client;
  log: Logger;
  clock: Clock;
}

interface Slot {
  pod: PodObject;
  wanted: PodStatus;
  /** What the API is known to have. */
  written: PodObject["status"] | PodStatus;
  writing: Promise<void> | undefined;
}

const RETRY_MS = [100, 500, 1000, 2000, 5000];

export function createStatusManager({ client, log, clock }: StatusManagerOptions): StatusManager {
  const slots = new Map<string, Slot>();

  /** Writes until the newest is written; false when the API refuses it for good. */
  async function write(uid: string, slot: Slot): Promise<boolean> {
    for (let failures = 0; slots.get(uid) === slot; ) {
      const { wanted } = slot;
      const body = statusPatch(slot.written, wanted);
      if (body === undefined) return true;
      try {
        await patch(client, slot.pod, body);
        slot.written = wanted;
        failures = 0;
      } catch (error) {
        if (isGone(error)) return false;
        if (error instanceof StatusError && error.reason === "Invalid") {
          log.error({ err: error, pod: slot.pod.metadata.name }, "The API refuses the status of the Pod");
          return false;
        }
        const delay = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
        log.warn(
          { err: error, pod: slot.pod.metadata.name, retryMs: delay },
          "Cannot write the status of the Pod",
        );
        await clock.sleep(delay);
      }
    }
    return false;
  }

  function begin(uid: string, slot: Slot): void {
    let gaveUp = false;
    slot.writing = write(uid, slot)
      .then((done) => {
        gaveUp = !done;
      })
      .finally(() => {
        slot.writing = undefined;
        if (!gaveUp && !deepEqual(slot.written, slot.wanted)) begin(uid, slot);
      });
  }

  return {
    set(pod, status) {
      const { uid } = pod.metadata;
      let slot = slots.get(uid);
      if (slot === undefined) {
        slot = { pod, wanted: status, written: pod.status, writing: undefined };
        slots.set(uid, slot);
      }
      slot.pod = pod;
      slot.wanted = status;
      if (slot.writing !== undefined || deepEqual(slot.written, status)) return;
      begin(uid, slot);
    },
    get: (uid) => slots.get(uid)?.wanted,
    flush: async (uid) => slots.get(uid)?.writing,
    async remove(pod) {
      const key = { namespace: namespaceOf(pod), name: pod.metadata.name };
      try {
        await client.delete(Pods, key, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    },
    forget: (uid) => void slots.delete(uid),
  };
}

function patch(client: Client, pod: PodObject, status: object): Promise<unknown> {
  const key = { namespace: namespaceOf(pod), name: pod.metadata.name };
  // The uid makes the write fail for another Pod of the same name.
  const body = { metadata: { uid: pod.metadata.uid }, status };
  return client.patch(Pods, key, { type: "strategic", body }, { subresource: "status" });
}

function isGone(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === "NotFound" || error.reason === "Conflict");
}

type Fields = Record<string, unknown>;

/** The strategic merge patch from one status to the next, or undefined when they are equal. */
export function statusPatch(from: object | undefined, to: PodStatus): object | undefined {
  const before = (from ?? {}) as Fields;
  const after = to as Fields;
  const patch: Fields = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (deepEqual(before[key], after[key])) continue;
    if (after[key] === undefined) patch[key] = null;
    else
      patch[key] =
        key === "conditions" ? conditionsPatch(before[key], after[key]) : listPatch(key, after[key]);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Lists of addresses are merged by the address: say that the new one takes the old one's place. */
function listPatch(key: string, value: unknown): unknown {
  if (key === "podIPs") return [{ $patch: "replace" }, ...(value as object[])];
  return value;
}

/** Only the conditions that changed, so that those of others are never overwritten. */
function conditionsPatch(from: unknown, to: unknown): Fields[] {
  const before = (from ?? []) as Fields[];
  return (to as Fields[])
    .filter((next) => !before.some((old) => deepEqual(old, next)))
    .map((next) => ({ reason: null, message: null, ...next }));
}
