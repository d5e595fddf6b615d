import { type KubeObject, StatusError } from "@jdos/apimachinery";
import type { Attributes } from "../authorization/authorizer.ts";
import type { Core, User } from "../registry/call.ts";
import { answered, defineReview, type ReviewResource } from "./define.ts";

const GROUP = "authorization.k8s.io";

interface AccessSpec {
  resourceAttributes?: {
    namespace?: string;
    verb?: string;
    group?: string;
    version?: string;
    resource?: string;
    subresource?: string;
    name?: string;
  };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
}

type AccessReview = KubeObject & { spec?: AccessSpec };

/** May this person do that? */
export const subjectAccessReview: ReviewResource = defineReview(GROUP, "SubjectAccessReview", {
  review: async (core, _call, body: AccessReview) =>
    judge(core, body, { kind: "SubjectAccessReview", user: subjectOf(body) }),
});

/** May this person do that in the namespace of the path? */
export const localSubjectAccessReview: ReviewResource = defineReview(GROUP, "LocalSubjectAccessReview", {
  namespaced: true,
  review: async (core, { namespace }, body: AccessReview) => {
    if (body.spec?.resourceAttributes?.namespace !== namespace)
      throw new StatusError("BadRequest", "spec.resourceAttributes.namespace must match metadata.namespace");
    return judge(core, body, { kind: "LocalSubjectAccessReview", user: subjectOf(body) });
  },
});

/** May I do that? */
export const selfSubjectAccessReview: ReviewResource = defineReview(GROUP, "SelfSubjectAccessReview", {
  review: async (core, { user }, body: AccessReview) =>
    judge(core, body, { kind: "SelfSubjectAccessReview", user }),
});

function subjectOf({ spec }: AccessReview): User {
  if (!spec?.user && (spec?.groups ?? []).length === 0)
    throw new StatusError("BadRequest", "at least one of user or group must be specified");
  return { name: spec?.user ?? "", groups: spec?.groups ?? [] };
}

function judge(core: Core, body: AccessReview, { kind, user }: { kind: string; user: User }): KubeObject {
  const { allowed, reason } = core.authorizer.decide(attributesOf(body, user));
  return answered(body, GROUP, kind, { allowed, ...(reason === "" ? {} : { reason }) });
}

function attributesOf({ spec }: AccessReview, user: User): Attributes {
  const { resourceAttributes: asked, nonResourceAttributes: path } = spec ?? {};
  if ((asked === undefined) === (path === undefined))
    throw new StatusError(
      "BadRequest",
      "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
  if (asked === undefined) return { user, verb: path?.verb ?? "", path: path?.path ?? "" };
  const { verb = "", group = "", resource = "", subresource, namespace = "", name = "" } = asked;
  return { user, verb, group, resource, namespace, name, ...(subresource ? { subresource } : {}) };
}
