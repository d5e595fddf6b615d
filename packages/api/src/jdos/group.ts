/** The platform's own group and version. */
export const jdos = { group: "jdos.io", version: "v1" } as const;

/** Labels by which the platform finds what belongs to an application. */
export const APPLICATION_LABEL = "jdos.io/application";
export const RELEASE_LABEL = "jdos.io/release";
export const BUILD_LABEL = "jdos.io/build";
export const SYSTEM_LABEL = "jdos.io/system";

/**
 * Label of the Pods by which nodes pull an image before many Pods of an application need it: the application's name. They
 * run nothing and are none of the application's: APPLICATION_LABEL is not on them.
 */
export const SPREAD_LABEL = "jdos.io/spread";
/** Reason of condition Progressing of an Application while that goes on. */
export const SPREADING_IMAGE = "SpreadingImage";

/** The condition of a System whose images have a project of Harbor: whether it can be pushed to and pulled from. */
export const REGISTRY_READY = "RegistryReady";

/** Label of the Secret by which an application pushes to and pulls from the registry. */
export const REGISTRY_CREDENTIAL_LABEL = "jdos.io/registry-credential";

/** Annotation of an Application: "<release>/<step>", the step of a rollout that need not wait longer; "<release>/all": none. */
export const PROMOTE_ANNOTATION = "jdos.io/promote";
/** Annotation of an Application: "<release>", the Release whose rollout is to be left. */
export const ABORT_ANNOTATION = "jdos.io/abort";
/**
 * Annotation of the Release that returns to an earlier one by itself: the generation of the Application when the other
 * was left. A change of that or an earlier generation came to nothing.
 */
export const LEFT_AT_GENERATION_ANNOTATION = "jdos.io/left-at-generation";

/** Annotation of an Application or a Build that goes before a freeze window: see forcedBy(); of a Build, the person. */
export const FORCED_BY_ANNOTATION = "jdos.io/forced-by";

/** Annotation of Builds and Releases: the notices that were told of them, "<notice>/<event>", with commas between. */
export const NOTICED_ANNOTATION = "jdos.io/noticed";

/** Label of the Secrets that `jdos secrets` keeps: "true". It touches no others. */
export const SECRET_LABEL = "jdos.io/secret";
/**
 * Annotation of a Pod that the Pod network reads when the Pod starts: "confined" leads outside and to the Services that
 * builds need, and to nothing else of the platform, its Pods and its node. A Pod can only take from itself with it.
 */
export const POD_NETWORK_ANNOTATION = "jdos.io/pod-network";
export const CONFINED_NETWORK = "confined";

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

/** Of the Deployment, the Service and the Ingress that stand beside an application's own while a Release is tried. */
export function canaryName(application: string): string {
  return `${application}-canary`;
}

/** Behind the application's name in the label APPLICATION_LABEL of the Pods beside its own, which no name ends with. */
const BESIDE = ".canary";

/** What APPLICATION_LABEL says on Pods of a Release that is tried beside the application's own. */
export function canaryLabel(application: string): string {
  return `${application}${BESIDE}`;
}

/** The application a Pod belongs to, by its label APPLICATION_LABEL. */
export function applicationOfLabel(label: string): string {
  return label.endsWith(BESIDE) ? label.slice(0, -BESIDE.length) : label;
}

/** Label selector of all Pods of an application: its own, and those beside them. */
export function podSelector(application: string): string {
  return `${APPLICATION_LABEL} in (${application},${canaryLabel(application)})`;
}
