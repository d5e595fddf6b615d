import type { RegistryLocation } from "@jdos/component-base";
import { comesFrom } from "../images.ts";
import type { RegistryProvider } from "../provider.ts";

/** Secrets of a System's Namespace with the credentials of its project's two robot accounts. */
export const HARBOR_SECRETS = { push: "jdos-push-registry", pull: "jdos-pull-registry" } as const;

/** Every application of a System is let in by the System's robot accounts, which the Harbor controller looks after. */
export function harborProvider(registry: RegistryLocation): RegistryProvider {
  return {
    pushSecret: () => HARBOR_SECRETS.push,
    pullSecret: (_, image) =>
      comesFrom(registry, image, { own: true, mirrors: registry.mirrorCredentialsFile !== undefined })
        ? HARBOR_SECRETS.pull
        : undefined,
    ensure: async () => undefined,
  };
}
