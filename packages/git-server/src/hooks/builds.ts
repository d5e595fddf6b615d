import { APPLICATION_LABEL, type Application, type Build, Builds, buildName, isBuildEnded } from "@jdos/api";
import { controllerReference, deepCopy, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { Delivery, Verdict } from "./deliveries/delivery.ts";

export interface BuildRequest {
  webhook: string;
  delivery: Delivery;
  ref: string;
  revision: string;
  pullRequest?: number;
}

const ATTEMPTS = 10;

/** The Builds of an application as they are on the server, which may be ahead of what was seen. */
export async function buildsOf(client: Client, { metadata }: Stored<Application>): Promise<Stored<Build>[]> {
  const { items } = await client.list(Builds, {
    namespace: metadata.namespace ?? "",
    labelSelector: `${APPLICATION_LABEL}=${metadata.name}`,
  });
  return items.filter(({ spec }) => spec.application === metadata.name);
}

/** The Build that a delivery asks for: made, or found when an earlier run made it and was killed. */
export async function ensureBuild(
  client: Client,
  application: Stored<Application>,
  request: BuildRequest,
): Promise<Stored<Build>> {
  const before = await buildsOf(client, application);
  const made = before.find(
    ({ spec: { trigger } }) =>
      trigger?.webhook === request.webhook && trigger.delivery === request.delivery.id,
  );
  if (made !== undefined) return made;
  let number =
    Math.max(numberOf(application.status?.latestBuild), ...before.map(({ spec }) => spec.number)) + 1;
  for (let attempt = 1; ; attempt++, number++) {
    try {
      return await client.create(Builds, renderBuild(application, request, number));
    } catch (error) {
      // Somebody else deployed at the same moment.
      if (!isStatus(error, "AlreadyExists") || attempt === ATTEMPTS) throw error;
    }
  }
}

function renderBuild(application: Stored<Application>, request: BuildRequest, number: number): Build {
  const { name, namespace = "" } = application.metadata;
  const { source, build } = deepCopy(application.spec) as Application["spec"];
  const { webhook, delivery, ref, revision, pullRequest } = request;
  return {
    apiVersion: "jdos.io/v1",
    kind: "Build",
    metadata: {
      name: buildName(name, number),
      namespace,
      labels: { [APPLICATION_LABEL]: name },
      ownerReferences: [controllerReference(application)],
    },
    spec: {
      application: name,
      number,
      source: { git: { ...source?.git, url: source?.git?.url ?? "", revision } },
      ...(build === undefined ? {} : { build }),
      requestedBy: requesterOf(webhook, delivery),
      trigger: {
        kind: "Webhook",
        ...(ref === "" ? {} : { ref }),
        ...(pullRequest === undefined ? {} : { pullRequest }),
        webhook,
        delivery: delivery.id,
      },
    },
  };
}

/** "webhook shop (octocat)" */
export function requesterOf(webhook: string, { event }: Pick<Delivery, "event">): string {
  const sender = "sender" in event ? event.sender : undefined;
  return sender === undefined ? `webhook ${webhook}` : `webhook ${webhook} (${sender})`;
}

function numberOf(build: string | undefined): number {
  return Number(/-b(\d+)$/.exec(build ?? "")?.[1] ?? 0);
}

/** What is true of a delivery by its Build; undefined: the Build goes on. */
export function verdictOf(build: Stored<Build> | undefined, delivery: Delivery): Verdict | undefined {
  const name = delivery.build ?? "";
  const kept = { ...(delivery.application && { application: delivery.application }), build: name };
  if (build === undefined) return { outcome: "Failed", message: `Build ${name} was deleted`, ...kept };
  if (!isBuildEnded(build)) return undefined;
  const { reason, message } = build.status?.conditions?.find(({ type }) => type === "Succeeded") ?? {};
  if (build.status?.phase === "Succeeded")
    return { outcome: "Built", message: `Build ${name} succeeded`, ...kept };
  const superseded = build.status?.phase === "Cancelled" && reason === "Superseded";
  return {
    outcome: superseded ? "Coalesced" : "Failed",
    message: message ?? `Build ${name} ${build.status?.phase?.toLowerCase()}`,
    ...kept,
  };
}
