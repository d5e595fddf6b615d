import type { Pod } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import type { Store } from "../storage/store.ts";
import type { Attributes, Authorizer, Decision } from "./authorizer.ts";
import { referencesOf } from "./pod-references.ts";

const PREFIX = "system:node:";
const GUARDED: ReadonlySet<string> = new Set([
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "serviceaccounts",
]);
const VERBS: ReadonlySet<string> = new Set(["get", "list", "watch"]);

/** Lets a kubelet read the Secrets, ConfigMaps and claims that the Pods of its node refer to, and no others. */
export class NodeAuthorizer implements Authorizer {
  /** Node -> reference -> how many of its Pods have it. */
  readonly #nodes = new Map<string, Map<string, number>>();

  constructor(store: Store) {
    for (const object of store.table("pods").values()) this.#count(object, 1);
    store.watch(
      "pods",
      { matches: () => true },
      {
        after: store.revision,
        sink: {
          event: (type, { object, old }) => {
            if (old !== undefined) this.#count(old, -1);
            if (type !== "DELETED") this.#count(object, 1);
          },
          end: () => {},
        },
      },
    );
  }

  #count(object: StoredObject, sign: 1 | -1): void {
    const pod = object as unknown as DeepReadonly<Pod>;
    const node = pod.spec?.nodeName ?? "";
    if (node === "") return;
    const counts = this.#nodes.get(node) ?? new Map<string, number>();
    this.#nodes.set(node, counts);
    for (const reference of referencesOf(pod)) {
      const next = (counts.get(reference) ?? 0) + sign;
      if (next === 0) counts.delete(reference);
      else counts.set(reference, next);
    }
    if (counts.size === 0) this.#nodes.delete(node);
  }

  decide({
    user,
    verb,
    group = "",
    resource = "",
    subresource,
    namespace = "",
    name = "",
  }: Attributes): Decision {
    const asked = group === "" && GUARDED.has(resource) && subresource === undefined && VERBS.has(verb);
    if (!asked || !user.name.startsWith(PREFIX) || !user.groups.includes("system:nodes"))
      return { allowed: false, reason: "" };
    const node = user.name.slice(PREFIX.length);
    if (this.#nodes.get(node)?.has(`${resource}/${namespace}/${name}`) === true)
      return { allowed: true, reason: "" };
    return { allowed: false, reason: `no relationship found between node '${node}' and this object` };
  }
}
