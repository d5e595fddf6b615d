import type { Service } from "@jdos/api";
import { ageColumn, labelsText, nameColumn, orNone, text, wide } from "../../../printing/columns.ts";
import type { TableColumn } from "../../strategy.ts";

function externalAddress(service: Service): string {
  const { type, externalIPs = [], externalName } = service.spec ?? {};
  if (type === "ExternalName") return orNone(externalName);
  if (type !== "LoadBalancer") return orNone(externalIPs.join(","));
  const given = (service.status?.loadBalancer?.ingress ?? []).map((one) => one.ip || one.hostname || "");
  const all = [...given, ...externalIPs].filter((one) => one !== "");
  return all.length === 0 ? "<pending>" : all.join(",");
}

/** "80/TCP,443:30443/TCP" */
function portsText(service: Service): string {
  const ports = (service.spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return orNone(ports.join(","));
}

export const serviceColumns: readonly TableColumn<Service>[] = [
  nameColumn(),
  text("Type", (service) => service.spec?.type ?? ""),
  text("Cluster-IP", (service) => orNone(service.spec?.clusterIP)),
  text("External-IP", externalAddress),
  text("Port(s)", portsText),
  ageColumn(),
  wide(text("Selector", (service) => labelsText(service.spec?.selector))),
];
