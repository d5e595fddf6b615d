import type { Build, BuilderInput, ConfigMap } from "@jdos/api";
import { BUILD_LABEL } from "@jdos/api";
import { controllerReference, type DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { applicationImages } from "@jdos/component-base";
import type { Settings } from "../options.ts";

const DEFAULT_TIMEOUT_SECONDS = 1800;

/** Seconds after which a Build is stopped. */
export function timeoutOf({ spec }: Pick<DeepReadonly<Build>, "spec">): number {
  return spec.timeoutSeconds ?? spec.build?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
}

/** What image-builder is told about a Build. */
export function builderInput(build: Stored<Build>, settings: Settings): BuilderInput {
  const system = build.metadata.namespace ?? "";
  const { application, source, build: options } = build.spec;
  const { url, host, prefix, mirrors = [] } = settings.registry;
  return {
    system,
    application,
    build: build.metadata.name,
    source: source as BuilderInput["source"],
    ...(options === undefined ? {} : { options: options as NonNullable<BuilderInput["options"]> }),
    registry: { url, host, prefix, ...(mirrors.length === 0 ? {} : { mirrors }) },
    repository: applicationImages(settings.registry).repositoryOf(system, application),
    baseImage: settings.build.baseImage,
    platformImages: [settings.build.baseImage],
    timeoutSeconds: timeoutOf(build),
  };
}

/** The ConfigMap that carries it into the Pod, of the Build's own name. */
export function renderInput(build: Stored<Build>, settings: Settings): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: build.metadata.name,
      namespace: build.metadata.namespace,
      labels: { [BUILD_LABEL]: build.metadata.name, "app.kubernetes.io/managed-by": "jdos" },
      ownerReferences: [controllerReference(build)],
    },
    data: { "input.json": JSON.stringify(builderInput(build, settings)) },
  };
}
