import { createMetrics } from "@jdos/component-base";
import type { Store } from "../storage/store.ts";
import { text } from "./answer.ts";
import { recognise } from "./recognise.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";

/** What the server counts; each server has a registry of its own. */
export class ServerMetrics {
  readonly #metrics = createMetrics();
  readonly #requests = this.#metrics.counter({
    name: "apiserver_request_total",
    help: "Requests by method, resource and answer.",
    labels: ["verb", "group", "resource", "subresource", "code"],
  });
  readonly #seconds = this.#metrics.histogram({
    name: "apiserver_request_duration_seconds",
    help: "Seconds from the head of a request to its answer; watches not counted.",
    labels: ["verb", "group", "resource", "subresource"],
  });

  readonly #collect: () => void;

  constructor(store: Store) {
    const objects = this.#metrics.gauge({
      name: "apiserver_storage_objects",
      help: "Stored objects by resource.",
      labels: ["resource"],
    });
    const watchers = this.#metrics.gauge({
      name: "apiserver_watchers",
      help: "Open watches by resource.",
      labels: ["resource"],
    });
    const revision = this.#metrics.gauge({
      name: "apiserver_storage_revision",
      help: "The last committed revision.",
    });
    this.#collect = () => {
      revision.set(store.revision);
      for (const size of store.sizes()) {
        objects.set({ resource: size.resource }, size.objects);
        watchers.set({ resource: size.resource }, size.watchers);
      }
    };
  }

  /** Counts an answered request. */
  observe(request: ApiRequest, response: ApiResponse, startedAt: number): void {
    const info = recognise(request.path);
    const named = info.kind === "resource" && response.status !== 404;
    const labels = {
      verb: request.method,
      group: named ? info.group : "",
      resource: named ? info.resource : "",
      subresource: named ? (info.subresource ?? "") : "",
    };
    this.#requests.inc({ ...labels, code: String(response.status) });
    if (typeof response.body !== "function")
      this.#seconds.observe(labels, (performance.now() - startedAt) / 1000);
  }

  /** GET /metrics */
  async answer(): Promise<ApiResponse> {
    this.#collect();
    return text(200, await this.#metrics.text(), {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
  }
}
