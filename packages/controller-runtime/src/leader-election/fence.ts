import type { Client, RawRequest } from "@jdos/client";

export interface FenceOptions {
  /** Throws when nothing may be written. */
  check(): void;
  /** Aborts the writes under way. */
  signal: AbortSignal;
}

/**
 * A client that checks before each write is made, and once more right before it leaves (it may have waited for its
 * turn or for a busy server). Reads and watches pass.
 */
export function fence(client: Client, options: FenceOptions): Client {
  const { check, signal } = options;
  const guarded = <O extends { signal?: AbortSignal }>(given: O | undefined): O => {
    check();
    return {
      ...(given as O),
      guard: check,
      signal: given?.signal === undefined ? signal : AbortSignal.any([given.signal, signal]),
    };
  };
  const guardedRequest = (request: RawRequest): RawRequest =>
    (request.method ?? "GET") === "GET" ? request : guarded(request);
  return {
    get: (type, key, given) => client.get(type, key, given),
    list: (type, given) => client.list(type, given),
    watch: (type, given) => client.watch(type, given),
    create: async (type, object, given) => client.create(type, object, guarded(given)),
    update: async (type, object, given) => client.update(type, object, guarded(given)),
    patch: async (type, key, patch, given) => client.patch(type, key, patch, guarded(given)),
    delete: async (type, key, given) => client.delete(type, key, guarded(given)),
    deleteCollection: async (type, given) => client.deleteCollection(type, guarded(given)),
    createSubresource: async (type, key, subresource, body, given) =>
      client.createSubresource(type, key, subresource, body, guarded(given)),
    raw: async (request) => client.raw(guardedRequest(request)),
    connect: async (request) => client.connect(guarded(request)),
    impersonate: (user) => fence(client.impersonate(user), options),
    close: () => client.close(),
  };
}
