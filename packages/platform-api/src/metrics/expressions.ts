/** Of two scrapes at least, also where they are a minute apart. */
export const MIN_WINDOW_SECONDS = 120;

/** Which Pods of a system; their names as alternatives of a regular expression. */
export interface PodScope {
  system: string;
  pods?: readonly string[];
}

/** Which requests; of all applications of the system without one. */
export interface RequestScope {
  system: string;
  application?: string;
}

/**
 * What PromQL is asked for. Kubelets' figures are under the names of cAdvisor, by namespace, pod and container; a server
 * that scrapes a kubelet at two paths has them twice, so the larger of equal ones counts.
 */
export function cpuByPod(scope: PodScope, windowSeconds?: number): string {
  return byPod(rate(`container_cpu_usage_seconds_total${ofContainers(scope)}`, windowSeconds));
}

export function memoryByPod(scope: PodScope): string {
  return byPod(`container_memory_working_set_bytes${ofContainers(scope)}`);
}

export function receivedByPod(scope: PodScope): string {
  return networkByPod("receive", scope);
}

export function sentByPod(scope: PodScope): string {
  return networkByPod("transmit", scope);
}

/** Requests a second of each application; `code` as "5xx". */
export function requests(scope: RequestScope & { code?: string }, windowSeconds?: number): string {
  const matcher = selector(requestLabels(scope), scope.code === undefined ? [] : [equal("code", scope.code)]);
  return `sum by (application) (${rate(`jdos_http_requests_total${matcher}`, windowSeconds)})`;
}

/** The time within which a share of the answers of each application began. */
export function latency(scope: RequestScope & { quantile: number }, windowSeconds?: number): string {
  const buckets = `jdos_http_request_duration_seconds_bucket${selector(requestLabels(scope))}`;
  return `histogram_quantile(${scope.quantile}, sum by (application, le) (${rate(buckets, windowSeconds)}))`;
}

/** Without a window that of now, between the last two scrapes: of what began a moment ago, too. */
function rate(series: string, windowSeconds?: number): string {
  return windowSeconds === undefined
    ? `irate(${series}[${MIN_WINDOW_SECONDS}s])`
    : `rate(${series}[${windowSeconds}s])`;
}

function byPod(series: string): string {
  return `sum by (pod) (max by (pod, container) (${series}))`;
}

function networkByPod(direction: "receive" | "transmit", scope: PodScope): string {
  const series = `container_network_${direction}_bytes_total${selector(podLabels(scope))}`;
  return `sum by (pod) (max by (pod, interface) (${rate(series)}))`;
}

function ofContainers(scope: PodScope): string {
  return selector(podLabels(scope), ['container!=""', 'container!="POD"']);
}

function podLabels({ system, pods }: PodScope): string[] {
  const some = pods === undefined ? [] : [`pod=~${JSON.stringify(`(?:${pods.join("|")})`)}`];
  return [equal("namespace", system), ...some];
}

function requestLabels({ system, application }: RequestScope): string[] {
  return [equal("system", system), ...(application === undefined ? [] : [equal("application", application)])];
}

function selector(...matchers: readonly (readonly string[])[]): string {
  return `{${matchers.flat().join(", ")}}`;
}

/** A Go string literal; names that reach it are names of objects. */
function equal(label: string, value: string): string {
  return `${label}=${JSON.stringify(value)}`;
}
