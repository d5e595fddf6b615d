import type { Application } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import type { RegistryLocation } from "@jdos/component-base";
import { applicationSecrets } from "./application-secrets.ts";
import { harborProvider } from "./harbor/provider.ts";

/** How builds and Pods are let into the registry, and into mirrors of others. */
export interface RegistryProvider {
  /** The Secret that an application's builds push with; undefined: nothing asks for a credential. */
  pushSecret(application: string): string | undefined;
  /** The Secret that an application's Pods pull an image with; undefined: it needs none. */
  pullSecret(application: string, image: string): string | undefined;
  /** Makes and renews what an application needs. Answers in how many seconds to look again; undefined: no time. */
  ensure(client: Client, application: Stored<Application>): Promise<number | undefined>;
}

export function registryProvider(registry: RegistryLocation): RegistryProvider {
  return registry.harbor === undefined ? applicationSecrets(registry) : harborProvider(registry);
}
