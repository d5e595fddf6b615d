import { branchAt, isRevision, numberAt, PayloadError, refAt, shown, textAt, textsAt } from "../payload.ts";
import { hasStandardSignature, headerOf, verifyStandard } from "../signature.ts";
import type { Forge, HookEvent } from "./forge.ts";

/**
 * Anybody who can sign, as the Standard Webhooks specification says. The body is
 * {"ref": "refs/heads/main", "revision"?, "repository"?, "sender"?}, or of a pull request
 * {"pullRequest": {"number", "action"}, "ref", "revision", ...}. docs/webhooks.md describes it.
 */
export const generic: Forge = {
  name: "generic",
  signsBodyAlone: false,
  eventHeaders: [],
  isSigned: hasStandardSignature,
  verify: verifyStandard,
  deliveryId: (headers) => headerOf(headers, "webhook-id") || undefined,
  read(_headers, payload) {
    if (textAt(payload, "event") === "ping") return { kind: "ping" };
    return numberAt(payload, "pullRequest.number") === undefined
      ? readPush(payload)
      : readPullRequest(payload);
  },
};

function fromForge(payload: unknown): { repository: string[]; sender?: string } {
  const sender = shown(textAt(payload, "sender"));
  return { repository: textsAt(payload, ["repository"]), ...(sender === undefined ? {} : { sender }) };
}

/** Without a revision it is what the ref names when it is built. */
function revisionOf(payload: unknown, fallback: string): string {
  const revision = textAt(payload, "revision") ?? fallback;
  if (!isRevision(revision)) throw new PayloadError("revision");
  return revision;
}

function readPush(payload: unknown): HookEvent {
  const given = textAt(payload, "ref") ?? "";
  const { refKind, ref } = given.startsWith("refs/")
    ? refAt(payload, "ref")
    : refAt({ ref: `refs/heads/${given}` }, "ref");
  return { kind: "push", refKind, ref, revision: revisionOf(payload, ref), ...fromForge(payload) };
}

function readPullRequest(payload: unknown): HookEvent {
  const number = numberAt(payload, "pullRequest.number") ?? 0;
  if (number < 1) throw new PayloadError("pullRequest.number");
  const action = textAt(payload, "pullRequest.action");
  if (action !== "changed" && action !== "closed") throw new PayloadError("pullRequest.action");
  const ref = branchAt(payload, "ref");
  const revision = action === "closed" ? ref || "closed" : revisionOf(payload, ref);
  return { kind: "pull_request", action, number, ref, revision, fork: false, ...fromForge(payload) };
}
