import type { Container, LimitRange, Pod } from "@jdos/api";
import { type DeepReadonly, type Mutable, parseQuantity, StatusError } from "@jdos/apimachinery";
import type { AdmissionStep } from "./admission.ts";
import type { AdmissionWorld } from "./steps.ts";

type Item = NonNullable<DeepReadonly<LimitRange>["spec"]>["limits"][number];
type Quantities = Readonly<Record<string, string>>;

/** Gives containers the requests and limits their namespace defaults to, and holds Pods to its bounds. */
export function limitRanger({ store }: AdmissionWorld): AdmissionStep {
  const items = (namespace: string): readonly Item[] =>
    [...store.peekAll("limitranges", namespace)].flatMap(
      (object) => (object as unknown as DeepReadonly<LimitRange>).spec?.limits ?? [],
    );
  const podOf = (request: Parameters<NonNullable<AdmissionStep["mutate"]>>[0]): Mutable<Pod> | undefined => {
    const { operation, call, object } = request;
    const asked =
      operation === "CREATE" && call.endpoint.type.kind === "Pod" && call.subresource === undefined;
    return asked ? (object as Mutable<Pod>) : undefined;
  };
  return {
    name: "LimitRanger",
    mutate(request) {
      const pod = podOf(request);
      if (pod?.spec === undefined) return;
      for (const item of items(request.call.namespace))
        if (item.type === "Container")
          for (const container of containersOf(pod)) giveDefaults(container, item);
    },
    validate(request) {
      const pod = podOf(request);
      if (pod?.spec === undefined) return;
      const why = items(request.call.namespace).flatMap((item) =>
        item.type === "Container"
          ? containersOf(pod).flatMap((container) => breaches(item, container.resources ?? {}))
          : item.type === "Pod"
            ? breaches(item, totals(pod))
            : [],
      );
      if (why.length === 0) return;
      const { name } = request.call;
      throw new StatusError(
        "Forbidden",
        `pods "${name}" is forbidden: ${why.length === 1 ? why[0] : `[${why.join(", ")}]`}`,
        { details: { name, kind: "pods" } },
      );
    },
  };
}

function containersOf({ spec }: Mutable<Pod>): Container[] {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])] as Container[];
}

function giveDefaults(container: Container, item: Item): void {
  const limits = { ...item.default, ...container.resources?.limits } as Record<string, string>;
  const requests = {
    ...item.default,
    ...item.defaultRequest,
    ...container.resources?.limits,
    ...container.resources?.requests,
  } as Record<string, string>;
  const resources = { ...container.resources };
  if (Object.keys(limits).length > 0) resources.limits = limits;
  if (Object.keys(requests).length > 0) resources.requests = requests;
  if (Object.keys(resources).length > 0) container.resources = resources;
}

interface Resources {
  limits?: Quantities;
  requests?: Quantities;
}

function breaches(item: Item, { limits = {}, requests = {} }: Resources): string[] {
  const why: string[] = [];
  const what = item.type;
  for (const [name, bound] of Object.entries((item.max ?? {}) as Quantities)) {
    const limit = limits[name];
    if (limit === undefined)
      why.push(`maximum ${name} usage per ${what} is ${bound}.  No limit is specified`);
    else if (value(limit) > value(bound))
      why.push(`maximum ${name} usage per ${what} is ${bound}, but limit is ${limit}`);
  }
  for (const [name, bound] of Object.entries((item.min ?? {}) as Quantities)) {
    const request = requests[name] ?? limits[name];
    if (request === undefined)
      why.push(`minimum ${name} usage per ${what} is ${bound}.  No request is specified`);
    else if (value(request) < value(bound))
      why.push(`minimum ${name} usage per ${what} is ${bound}, but request is ${request}`);
  }
  for (const [name, bound] of Object.entries((item.maxLimitRequestRatio ?? {}) as Quantities)) {
    const [limit, request] = [limits[name], requests[name]];
    if (limit === undefined || request === undefined)
      why.push(
        `${name} max limit to request ratio per ${what} is ${bound}, but no ${limit === undefined ? "limit" : "request"} is specified or it is 0`,
      );
    else if (value(limit) / value(request) > value(bound))
      why.push(
        `${name} max limit to request ratio per ${what} is ${bound}, but provided ratio is ${(value(limit) / value(request)).toFixed(6)}`,
      );
  }
  return why;
}

function totals(pod: Mutable<Pod>): Resources {
  const sum = (of: "limits" | "requests") => {
    const total: Record<string, number> = {};
    for (const { resources } of pod.spec?.containers ?? []) {
      for (const [name, text] of Object.entries((resources?.[of] ?? {}) as Quantities))
        total[name] = (total[name] ?? 0) + value(text);
    }
    return Object.fromEntries(Object.entries(total).map(([name, amount]) => [name, String(amount)]));
  };
  return { limits: sum("limits"), requests: sum("requests") };
}

function value(text: string): number {
  return parseQuantity(text) ?? 0;
}
