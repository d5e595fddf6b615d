import type { TokenAuthenticator } from "../authentication/token-authenticator.ts";
import type { ServerAuthorizer } from "../authorization/server-authorizer.ts";
import type { Catalog } from "../registry/catalog.ts";
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from "./access-review.ts";
import { selfSubjectRulesReview } from "./rules-review.ts";
import { selfSubjectReview, tokenReview } from "./token-review.ts";

/** Every review, in the order of discovery. */
export function installReviews(
  catalog: Catalog,
  { tokens, authorizer }: { tokens: TokenAuthenticator; authorizer: ServerAuthorizer },
): void {
  const all = [
    selfSubjectReview,
    tokenReview(tokens),
    localSubjectAccessReview,
    selfSubjectAccessReview,
    selfSubjectRulesReview(authorizer),
    subjectAccessReview,
  ];
  for (const { strategy, review } of all) catalog.install(strategy, review);
}
