import { type KubeObject, StatusError } from "@jdos/apimachinery";
import { MASTERS } from "../authorization/rbac-authorizer.ts";
import type { Rule } from "../authorization/rule.ts";
import type { ServerAuthorizer } from "../authorization/server-authorizer.ts";
import { answered, defineReview, type ReviewResource } from "./define.ts";

const GROUP = "authorization.k8s.io";
const EVERYTHING: readonly Rule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

type RulesReview = KubeObject & { spec?: { namespace?: string } };

/** What may I do in this namespace? */
export function selfSubjectRulesReview(authorizer: ServerAuthorizer): ReviewResource {
  return defineReview(GROUP, "SelfSubjectRulesReview", {
    review: async (_core, { user }, body: RulesReview) => {
      const namespace = body.spec?.namespace ?? "";
      if (namespace === "") throw new StatusError("BadRequest", "no namespace on request");
      const rules = user.groups.includes(MASTERS) ? EVERYTHING : authorizer.rulesFor(user, namespace);
      return answered(body, GROUP, "SelfSubjectRulesReview", {
        resourceRules: rules.filter(({ resources }) => resources !== undefined && resources.length > 0),
        nonResourceRules: rules.filter(
          ({ nonResourceURLs }) => nonResourceURLs !== undefined && nonResourceURLs.length > 0,
        ),
        incomplete: false,
      });
    },
  });
}
