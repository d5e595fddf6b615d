import {
  branchAt,
  commitAt,
  isNoCommit,
  numberAt,
  PayloadError,
  refAt,
  shown,
  textAt,
  textsAt,
} from "../payload.ts";
import { headerOf, isHexSignature } from "../signature.ts";
import type { Forge, HookEvent } from "./forge.ts";

const PREFIX = "sha256=";
const ACTIONS: Readonly<Record<string, "changed" | "closed">> = {
  opened: "changed",
  reopened: "changed",
  synchronize: "changed",
  // Gitea and Forgejo.
  synchronized: "changed",
  closed: "closed",
};

/** Source: docs.github.com, "Webhook events and payloads", "Validating webhook deliveries". */
export const github: Forge = {
  name: "github",
  signsBodyAlone: true,
  eventHeaders: ["x-github-event"],
  isSigned: (headers) => headers["x-hub-signature-256"] !== undefined,
  verify({ headers, body }, secret) {
    const given = headerOf(headers, "x-hub-signature-256");
    const digits = given.startsWith(PREFIX) ? given.slice(PREFIX.length) : "";
    return isHexSignature(digits, { body }, secret);
  },
  deliveryId: (headers) => headerOf(headers, "x-github-delivery") || undefined,
  read: (headers, payload) => readEvent(headerOf(headers, "x-github-event"), payload),
};

/** Gitea and Forgejo have taken these shapes over. */
export function readEvent(event: string, payload: unknown): HookEvent {
  if (event === "ping") return { kind: "ping" };
  if (event === "push") return readPush(payload);
  if (event === "pull_request") return readPullRequest(payload);
  return { kind: "other", name: shown(event) || "none" };
}

const REPOSITORY = ["clone_url", "ssh_url", "git_url", "html_url"];

function fromForge(payload: unknown): { repository: string[]; sender?: string } {
  const sender = shown(
    textAt(payload, "sender.login") ?? textAt(payload, "pusher.name") ?? textAt(payload, "pusher.login"),
  );
  return {
    repository: textsAt(
      payload,
      REPOSITORY.map((name) => `repository.${name}`),
    ),
    ...(sender === undefined ? {} : { sender }),
  };
}

function readPush(payload: unknown): HookEvent {
  const ref = refAt(payload, "ref");
  const gone = isNoCommit(textAt(payload, "after"));
  // Of an annotated tag "after" is the tag, not its commit.
  return {
    kind: "push",
    ...ref,
    ...(gone ? {} : { revision: commitAt(payload, "head_commit.id", "after") }),
    ...fromForge(payload),
  };
}

function readPullRequest(payload: unknown): HookEvent {
  const number = numberAt(payload, "number") ?? numberAt(payload, "pull_request.number");
  if (number === undefined || number < 1) throw new PayloadError("number");
  // A fork that was deleted has no repository any more.
  const head = textAt(payload, "pull_request.head.repo.full_name")?.toLowerCase();
  const base = textAt(payload, "pull_request.base.repo.full_name")?.toLowerCase();
  return {
    kind: "pull_request",
    action: ACTIONS[textAt(payload, "action") ?? ""] ?? "other",
    number,
    ref: branchAt(payload, "pull_request.head.ref"),
    revision: commitAt(payload, "pull_request.head.sha"),
    fork: head === undefined || head !== base,
    ...fromForge(payload),
  };
}
