import type { KubeObject } from "@jdos/apimachinery";
import { ISSUER } from "../authentication/service-account-token.ts";
import type { TokenAuthenticator } from "../authentication/token-authenticator.ts";
import { answered, defineReview, type ReviewResource } from "./define.ts";

const GROUP = "authentication.k8s.io";

type TokenReview = KubeObject & { spec?: { token?: string; audiences?: string[] } };

/** Whose token is this? */
export function tokenReview(tokens: TokenAuthenticator): ReviewResource {
  return defineReview(GROUP, "TokenReview", {
    review: async (_core, _call, body: TokenReview) => {
      const audiences = body.spec?.audiences ?? [ISSUER];
      const user = tokens.authenticate(body.spec?.token ?? "", audiences);
      if (user === undefined)
        return answered(body, GROUP, "TokenReview", {
          authenticated: false,
          user: {},
          error: "invalid bearer token",
        });
      const { name, uid, groups, extra } = user;
      return answered(body, GROUP, "TokenReview", {
        authenticated: true,
        user: {
          username: name,
          ...(uid === undefined ? {} : { uid }),
          groups,
          ...(extra === undefined ? {} : { extra }),
        },
        audiences,
      });
    },
  });
}

/** Who am I? */
export const selfSubjectReview: ReviewResource = defineReview(GROUP, "SelfSubjectReview", {
  review: async (_core, { user: { name, uid, groups, extra } }, body) =>
    answered(body, GROUP, "SelfSubjectReview", {
      userInfo: {
        username: name,
        ...(uid === undefined ? {} : { uid }),
        groups,
        ...(extra === undefined ? {} : { extra }),
      },
    }),
});
