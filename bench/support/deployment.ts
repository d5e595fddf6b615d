import type { Deployment } from "@jdos/api";

/** A Deployment of Pods that ask for little. */
export function deployment(wanted: { namespace: string; name: string; replicas: number }): Deployment {
  const { namespace, name, replicas } = wanted;
  const labels = { app: name };
  const resources = { requests: { cpu: "100m", memory: "64Mi" } };
  return {
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            { name: "app", image: "registry.example.com/app:1", ports: [{ containerPort: 8080 }], resources },
          ],
        },
      },
    },
  } as Deployment;
}
