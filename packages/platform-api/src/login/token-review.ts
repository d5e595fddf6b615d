import { createHash } from "node:crypto";
import { isStatus } from "@jdos/apimachinery";
import type { Client, UserInfo } from "@jdos/client";
import { type Clock, systemClock } from "@jdos/component-base";

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
const MAX_KNOWN = 1000;

interface Known {
  person: UserInfo | undefined;
  untilMillis: number;
}

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
  const known = new Map<string, Known>();
  return async (token) => {
    const key = createHash("sha256").update(token).digest("base64url");
    const now = clock.now().getTime();
    const present = known.get(key);
    if (present !== undefined && present.untilMillis > now) return present.person;
    beforeReview();
    const person = await review(client, token);
    known.delete(key);
    known.set(key, { person, untilMillis: now + BELIEVED_MILLIS });
    if (known.size > MAX_KNOWN) known.delete(known.keys().next().value as string);
    return person;
  };
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
  const answer = await client.raw({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  const { status } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { status?: ReviewStatus };
  const name = status?.user?.username;
  if (status?.authenticated !== true || name === undefined || name === "") return undefined;
  return { name, groups: status.user?.groups ?? [] };
}
