import type { Clock } from "@jdos/component-base";
import type { Client, UserInfo } from "../client.ts";
import { readJson } from "../discovery/read-json.ts";
import { Believed } from "./believed.ts";

/** What somebody wants to do: with a resource, or with a path that is none. */
export type AccessAttributes =
  | {
      readonly verb: string;
      readonly resource: string;
      readonly subresource?: string;
      readonly group?: string;
      readonly namespace?: string;
      readonly name?: string;
    }
  | { readonly verb: string; readonly path: string };

export interface AccessReviewerOptions {
  /** May create SubjectAccessReviews. */
  client: Client;
  clock?: Clock;
}

/** Whether the API server's own authorization lets this person do that. */
export type AccessReviewer = (person: UserInfo, attributes: AccessAttributes) => Promise<boolean>;

/** A right that is taken away is believed in for this long. */
const BELIEVED_MILLIS = 10_000;

/** Asks the API server (SubjectAccessReview), and remembers the answer for a moment. */
export function createAccessReviewer({ client, clock }: AccessReviewerOptions): AccessReviewer {
  const known = new Believed<boolean>({
    millis: BELIEVED_MILLIS,
    ...(clock === undefined ? {} : { clock }),
  });
  return ({ name, groups = [] }, attributes) =>
    known.get(JSON.stringify([name, groups, attributes]), async () => {
      const asked =
        "path" in attributes ? { nonResourceAttributes: attributes } : { resourceAttributes: attributes };
      const { status } = await readJson<{ status?: { allowed?: boolean } }>(client, {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SubjectAccessReview",
          spec: { user: name, groups, ...asked },
        },
      });
      return status?.allowed === true;
    });
}
