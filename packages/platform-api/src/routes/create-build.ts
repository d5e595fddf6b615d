import {
  APPLICATION_LABEL,
  type Application,
  type Build,
  type BuildSpec,
  Builds,
  buildName,
} from "@jdos/api";
import { controllerReference, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { AppParams } from "./find-application.ts";

const ATTEMPTS = 10;

export async function buildsOf(
  client: Client,
  { system, app }: AppParams,
): Promise<readonly Stored<Build>[]> {
  const { items } = await client.list(Builds, { namespace: system });
  return items.filter(({ spec }) => spec.application === app);
}

export interface CreateBuildOptions {
  application: Stored<Application>;
  /** Those that the application has. */
  before: readonly Stored<Build>[];
  spec: Omit<BuildSpec, "application" | "number">;
  annotations?: Record<string, string>;
}

/** Makes the next Build of an application. Names are taken by counting on, so two people who ask at once get one each. */
export async function createBuild(
  client: Client,
  { application, before, spec, annotations }: CreateBuildOptions,
): Promise<Stored<Build>> {
  const { name, namespace } = application.metadata;
  let number =
    Math.max(numberOf(application.status?.latestBuild), ...before.map(({ spec }) => spec.number)) + 1;
  for (let attempt = 1; ; attempt++, number++) {
    const build: Build = {
      apiVersion: "jdos.io/v1",
      kind: "Build",
      metadata: {
        name: buildName(name, number),
        ...(namespace === undefined ? {} : { namespace }),
        labels: { [APPLICATION_LABEL]: name },
        ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [controllerReference(application)],
      },
      spec: { application: name, number, ...spec },
    };
    try {
      return await client.create(Builds, build);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists") || attempt === ATTEMPTS) throw error;
    }
  }
}

function numberOf(build: string | undefined): number {
  return Number(/-b(\d+)$/.exec(build ?? "")?.[1] ?? 0);
}
