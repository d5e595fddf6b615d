import type { Service, ServicePort } from "@jdos/api";
import { portsOf } from "./ports.ts";
import { labelsOf, objectName, podsOfSubject, type Subject } from "./subject.ts";

const SERVICE_PORT = 80;

/**
 * The Service of an application: port 80 leads to the first port, and every port answers at its own number. It leads to
 * the Pods of the subject unless others are named.
 */
export function renderService(subject: Subject, leadsTo: Pick<Subject, "beside"> = subject): Service {
  const { application, release } = subject;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: objectName(subject),
      namespace: application.metadata.namespace,
      labels: labelsOf(application),
    },
    spec: {
      type: "ClusterIP",
      selector: podsOfSubject({ application, ...leadsTo }),
      ports: servicePorts(release.spec.run),
    },
  };
}

function servicePorts(run: Parameters<typeof portsOf>[0]): ServicePort[] {
  const ports = portsOf(run);
  const [first] = ports;
  const result: ServicePort[] = [
    { name: "http", port: SERVICE_PORT, targetPort: first.port, protocol: first.protocol },
  ];
  for (const { name, port, protocol } of ports) {
    if (result.some((entry) => entry.port === port && entry.protocol === protocol)) continue;
    const free = !result.some((entry) => entry.name === name);
    result.push({ name: free ? name : `port-${port}`, port, targetPort: port, protocol });
  }
  return result;
}
