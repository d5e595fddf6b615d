import {
  at,
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
import { hasStandardSignature, headerOf, sameText, verifyStandard } from "../signature.ts";
import type { Forge, HookEvent } from "./forge.ts";

/** A secret token is sent as it is; a signing token, of newer versions, signs. Source: docs.gitlab.com, "Webhooks". */
export const gitlab: Forge = {
  name: "gitlab",
  signsBodyAlone: false,
  eventHeaders: ["x-gitlab-event"],
  isSigned: (headers) => headers["x-gitlab-token"] !== undefined || isGitLabSigned(headers),
  verify(received, secret, now) {
    if (isGitLabSigned(received.headers)) return verifyStandard(received, secret, now);
    return sameText(headerOf(received.headers, "x-gitlab-token"), secret);
  },
  deliveryId: (headers) =>
    headerOf(headers, "idempotency-key") ||
    headerOf(headers, "webhook-id") ||
    headerOf(headers, "x-gitlab-event-uuid") ||
    undefined,
  read(headers, payload) {
    const event = headerOf(headers, "x-gitlab-event");
    if (event === "Push Hook" || event === "Tag Push Hook") return readPush(payload);
    if (event === "Merge Request Hook") return readMergeRequest(payload);
    return { kind: "other", name: shown(event) || "none" };
  },
};

function isGitLabSigned(headers: Parameters<Forge["isSigned"]>[0]): boolean {
  return headers["x-gitlab-event"] !== undefined && hasStandardSignature(headers);
}

const REPOSITORY = ["git_http_url", "git_ssh_url", "web_url"];

function fromForge(payload: unknown): { repository: string[]; sender?: string } {
  const sender = shown(textAt(payload, "user_username") ?? textAt(payload, "user.username"));
  return {
    repository: textsAt(
      payload,
      REPOSITORY.map((name) => `project.${name}`),
    ),
    ...(sender === undefined ? {} : { sender }),
  };
}

function readPush(payload: unknown): HookEvent {
  const gone = isNoCommit(textAt(payload, "after"));
  return {
    kind: "push",
    ...refAt(payload, "ref"),
    ...(gone ? {} : { revision: commitAt(payload, "checkout_sha", "after") }),
    ...fromForge(payload),
  };
}

/** An update without another revision is one of its title or labels. */
function actionOf(payload: unknown): "changed" | "closed" | "other" {
  const action = textAt(payload, "object_attributes.action");
  if (action === "open" || action === "reopen") return "changed";
  if (action === "close" || action === "merge") return "closed";
  return action === "update" && textAt(payload, "object_attributes.oldrev") !== undefined
    ? "changed"
    : "other";
}

function readMergeRequest(payload: unknown): HookEvent {
  const number = numberAt(payload, "object_attributes.iid");
  if (number === undefined || number < 1) throw new PayloadError("object_attributes.iid");
  const source = at(payload, "object_attributes.source_project_id");
  return {
    kind: "pull_request",
    action: actionOf(payload),
    number,
    ref: branchAt(payload, "object_attributes.source_branch"),
    revision: commitAt(payload, "object_attributes.last_commit.id"),
    fork: source === undefined || source !== at(payload, "object_attributes.target_project_id"),
    ...fromForge(payload),
  };
}
