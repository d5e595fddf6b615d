import { isStatus } from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import type { Call, Core } from "./call.ts";
import { type DeleteCallOptions, removeUnasked } from "./delete.ts";
import { collect } from "./list.ts";
import type { SelectorOptions } from "./selection.ts";

/** Deletes what a selection holds at this moment; returns what it deleted or marked. */
export async function removeCollection(
  core: Core,
  call: Call,
  options: DeleteCallOptions & SelectorOptions,
): Promise<readonly StoredObject[]> {
  authorizeCall(core, call, "deletecollection");
  const { items } = collect(core, call, {
    labelSelector: options.labelSelector ?? "",
    fieldSelector: options.fieldSelector ?? "",
  });
  const results = await Promise.allSettled(
    items.map(({ metadata: { namespace = "", name } }) =>
      removeUnasked(core, { ...call, namespace, name }, options),
    ),
  );
  const failed = results.find(
    (result) => result.status === "rejected" && !isStatus(result.reason, "NotFound"),
  );
  if (failed?.status === "rejected") throw failed.reason;
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value.object] : []));
}
