import type { Namer } from "./judge.ts";

interface Listed {
  readonly kind: string;
  readonly items: readonly { readonly metadata: { readonly namespace?: string; readonly name: string } }[];
}

/** Every digest that objects name, wherever they do, and which of them. */
export function namedDigests(lists: readonly Listed[]): Map<string, Namer[]> {
  const named = new Map<string, Namer[]>();
  for (const { kind, items } of lists)
    for (const item of items) {
      const { namespace = "", name } = item.metadata;
      const digests = new Set(
        Array.from(JSON.stringify(item).matchAll(/sha256:[a-f0-9]{64}/g), ([all]) => all),
      );
      for (const digest of digests) {
        const namers = named.get(digest);
        if (namers === undefined) named.set(digest, [{ kind, namespace, name }]);
        else namers.push({ kind, namespace, name });
      }
    }
  return named;
}
