import { createHash } from "node:crypto";
import { type Application, type Pod, SPREAD_LABEL, SYSTEM_LABEL } from "@jdos/api";
import { controllerReference } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { Settings } from "../../options.ts";

export interface PullOptions {
  image: string;
  node: string;
  settings: Settings;
}

/**
 * A Pod for whose container a node pulls an image, and which it then refuses to start: it is to be root and not to be.
 * No program of the image runs, whatever is in it, and nothing the image lacks is needed.
 */
export function pullPod(application: Stored<Application>, { image, node, settings }: PullOptions): Pod {
  const { name, namespace = "" } = application.metadata;
  const { priorityClass } = settings.build;
  const pullSecret = settings.access.pullSecret(name, image);
  const which = createHash("sha256").update(`${image} ${node}`).digest("hex").slice(0, 10);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-pull-${which}`,
      namespace,
      labels: { [SPREAD_LABEL]: name, [SYSTEM_LABEL]: namespace, "app.kubernetes.io/managed-by": "jdos" },
      annotations: {
        "kubernetes.io/description":
          "Makes its node pull an image before Pods of the application need it. It is never started, and goes by itself.",
      },
      ownerReferences: [controllerReference(application)],
    },
    spec: {
      // Not the scheduler's to choose. It takes no room that others could have.
      nodeName: node,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      // Its end where nobody is left to delete it.
      activeDeadlineSeconds: settings.spread.timeoutSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(priorityClass === "" ? {} : { priorityClassName: priorityClass }),
      ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "pull",
          image,
          imagePullPolicy: "IfNotPresent",
          resources: { requests: { cpu: "0", memory: "0" } },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}

export function pulledImage({ spec }: Stored<Pod>): string {
  return spec?.containers[0]?.image ?? "";
}

/** What kubelet says of an image that it did not get. */
const NOT_PULLED: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ImageInspectError",
  "ErrImageNeverPull",
  "InvalidImageName",
  "RegistryUnavailable",
]);
/** What kubelet says when it has the image and will not make the container. */
const REFUSED = "CreateContainerConfigError";

/** Whether the node has the image now; undefined while it pulls. */
export function pullResult({ status }: Stored<Pod>): "pulled" | "failed" | undefined {
  const state = status?.containerStatuses?.[0]?.state;
  const waiting = state?.waiting?.reason ?? "";
  if (waiting === REFUSED || state?.running !== undefined || state?.terminated?.reason === "Completed")
    return "pulled";
  return status?.phase === "Failed" || NOT_PULLED.has(waiting) ? "failed" : undefined;
}
