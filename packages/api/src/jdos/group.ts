/** The platform's own group and version. */
export const jdos = { group: "jdos.io", version: "v1" } as const;

/** Labels by which the platform finds what belongs to an application. */
export const APPLICATION_LABEL = "jdos.io/application";
export const RELEASE_LABEL = "jdos.io/release";
export const BUILD_LABEL = "jdos.io/build";
export const SYSTEM_LABEL = "jdos.io/system";

/** Label of the Secret by which an application pushes to and pulls from the registry. */
export const REGISTRY_CREDENTIAL_LABEL = "jdos.io/registry-credential";

/** The container of a build's Pod whose log is the build's log and whose termination message is its result. */
export const BUILD_CONTAINER = "build";

/** <application>-b<number>. */
export function buildName(application: string, number: number): string {
  return `${application}-b${number}`;
}

/** <application>-v<number>. */
export function releaseName(application: string, number: number): string {
  return `${application}-v${number}`;
}

/** The name of the Secret with an application's registry credential. */
export function registrySecretName(application: string): string {
  return `${application}-registry`;
}

/**
 * Annotation that the load balancer writes on an application's Ingress: the Pods' addresses that its routes lead to
 * now, sorted, with commas between. A deploy is over when all of them are the new Release's.
 */
export const ROUTED_TO_ANNOTATION = "jdos.io/routed-to";
