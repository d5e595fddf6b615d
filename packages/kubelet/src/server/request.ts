import { allContainersOf, type PodObject } from "../pod/pod.ts";
import type { RuntimeContainer } from "../runtime/pod-runtime.ts";
import type { RuntimeView } from "../runtime/runtime-view.ts";
import type { LogQuery } from "./container-log.ts";

/** What a request got wrong, with the HTTP status it is answered with. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "RequestError";
    this.status = status;
  }
}

export interface FoundContainer {
  readonly container: { readonly uid: string; readonly name: string };
  readonly runtimeContainer: RuntimeContainer;
}

/** Finds what /<verb>/<namespace>/<pod>/<container> names. */
export async function findContainer(
  { view, pods }: { view: RuntimeView; pods(): readonly PodObject[] },
  [namespace, podName, name]: readonly string[],
  previous: boolean,
): Promise<FoundContainer> {
  const pod = pods().find((item) => item.metadata.namespace === namespace && item.metadata.name === podName);
  if (pod === undefined)
    throw new RequestError(404, `Cannot find pod "${namespace}/${podName}": it is not on this node`);
  if (!allContainersOf(pod).some((item) => item.name === name)) {
    throw new RequestError(400, `Cannot find container "${name}": pod "${podName}" has none of that name`);
  }
  const { uid } = pod.metadata;
  const runtime = view.get(uid) ?? (await view.refresh(uid));
  const history = (runtime?.containers ?? []).filter((item) => item.name === name);
  const wanted = history[previous ? 1 : 0];
  if (wanted !== undefined) return { container: { uid, name: name! }, runtimeContainer: wanted };
  const what = previous
    ? `previous terminated container "${name}" in pod "${podName}" not found`
    : waitingMessage(pod, name!);
  throw new RequestError(400, what);
}

function waitingMessage(pod: PodObject, name: string): string {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const reason = statuses.find((item) => item.name === name)?.state?.waiting?.reason ?? "ContainerCreating";
  return `container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${reason}`;
}

/** Reads the parameters of a log request as the API server passes them on. */
export function logQuery(parameters: URLSearchParams): LogQuery {
  const flag = (name: string) => ["1", "true"].includes(parameters.get(name) ?? "");
  const number = (name: string, least: number) => {
    const text = parameters.get(name);
    if (text === null || text === "") return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < least) {
      throw new RequestError(
        400,
        `Cannot read parameter "${name}": "${text}" is not an integer of at least ${least}`,
      );
    }
    return value;
  };
  const seconds = number("sinceSeconds", 1);
  const time = parameters.get("sinceTime");
  const stream = parameters.get("stream")?.toLowerCase();
  if (time !== null && Number.isNaN(Date.parse(time))) {
    throw new RequestError(400, `Cannot read parameter "sinceTime": "${time}" is not a time`);
  }
  return {
    follow: flag("follow"),
    timestamps: flag("timestamps"),
    tailLines: number("tailLines", 0),
    limitBytes: number("limitBytes", 1),
    since: seconds !== undefined ? Date.now() - seconds * 1000 : time === null ? undefined : Date.parse(time),
    stream: stream === "stdout" || stream === "stderr" ? stream : undefined,
  };
}
