import { createHash } from "node:crypto";
import { isStatus } from "@jdos/apimachinery";
import { type Clock, systemClock } from "@jdos/component-base";
import type { Client, UserInfo } from "../client.ts";
import { readJson } from "../discovery/read-json.ts";
import { Believed } from "./believed.ts";

export interface TokenReviewerOptions {
  /** May create TokenReviews. */
  client: Client;
  /** Called before the API server is asked. @throws to refuse */
  beforeReview?(): void;
  clock?: Clock;
}

/** Whose token of the cluster it is; undefined for one that the cluster does not know. */
export type TokenReviewer = (token: string) => Promise<UserInfo | undefined>;

/** How long an answer is believed: a token that is withdrawn is refused after this time. */
const BELIEVED_MILLIS = 10_000;

interface ReviewStatus {
  authenticated?: boolean;
  user?: { username?: string; groups?: readonly string[] };
}

/** Asks the API server whose token it is, and remembers the answer for a moment; tokens are kept as hashes. */
export function createTokenReviewer({
  client,
  beforeReview = () => {},
  clock = systemClock,
}: TokenReviewerOptions): TokenReviewer {
  const known = new Believed<UserInfo | undefined>({ millis: BELIEVED_MILLIS, clock });
  return (token) =>
    known.get(createHash("sha256").update(token).digest("base64url"), () => {
      beforeReview();
      return review(client, token);
    });
}

/** Who may not ask knows nobody: the tokens of the cluster are then none here. */
async function review(client: Client, token: string): Promise<UserInfo | undefined> {
  try {
    return await ask(client, token);
  } catch (error) {
    if (isStatus(error, "Forbidden")) return undefined;
    throw error;
  }
}

async function ask(client: Client, token: string): Promise<UserInfo | undefined> {
  const { status } = await readJson<{ status?: ReviewStatus }>(client, {
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
  });
  const name = status?.user?.username;
  if (status?.authenticated !== true || name === undefined || name === "") return undefined;
  return { name, groups: status.user?.groups ?? [] };
}
