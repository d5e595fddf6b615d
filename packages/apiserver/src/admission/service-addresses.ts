import type { Service, ServicePort } from "@jdos/api";
import { type DeepReadonly, type FieldError, invalid, type Mutable } from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import { AddressRange } from "./address-range.ts";
import type { AdmissionRequest, AdmissionStep } from "./admission.ts";
import { PortRange } from "./port-range.ts";
import type { AdmissionWorld } from "./steps.ts";

type Spec = NonNullable<Mutable<Service>["spec"]>;

/** Gives Services their cluster address and node ports; both come back when the Service is gone. */
export function serviceAddresses({ store, serviceCidr }: AdmissionWorld): AdmissionStep {
  const addresses = new AddressRange(serviceCidr);
  const ports = new PortRange(30_000, 32_767);
  for (const object of store.table("services").values()) {
    for (const address of addressesOf(object)) addresses.use(address);
    for (const port of portsOf(object)) ports.use(port);
  }
  // What a committed write no longer holds is free again.
  const released = (old: StoredObject | undefined, object: StoredObject | undefined) => {
    const addressesKept = addressesOf(object);
    const portsKept = portsOf(object);
    for (const address of addressesOf(old)) if (!addressesKept.includes(address)) addresses.release(address);
    for (const port of portsOf(old)) if (!portsKept.includes(port)) ports.release(port);
  };
  store.watch(
    "services",
    { matches: () => true },
    {
      after: store.revision,
      sink: {
        event: (type, event) => released(event.old, type === "DELETED" ? undefined : event.object),
        end: () => {},
      },
    },
  );
  return {
    name: "ServiceAddresses",
    mutate(request) {
      const { call, operation } = request;
      if (
        operation === "DELETE" ||
        call.endpoint.type.resource !== "services" ||
        call.endpoint.type.group !== "" ||
        call.subresource !== undefined
      )
        return;
      const { spec } = request.object as Mutable<Service>;
      if (spec === undefined) return;
      giveAddress(addresses, request, spec);
      givePorts(ports, request, spec);
    },
  };
}

function giveAddress(range: AddressRange, request: AdmissionRequest, spec: Spec): void {
  if (spec.type === "ExternalName") return;
  if (spec.clusterIP === "None") {
    spec.clusterIPs = ["None"];
    return;
  }
  const asked = spec.clusterIP;
  if (asked !== undefined && asked !== "") {
    if (addressesOf(request.old).includes(asked)) return;
    if (!range.contains(asked))
      throw refused(
        request,
        "spec.clusterIPs",
        asked,
        "failed to allocate IP: the provided IP is not in the valid range",
      );
    if (range.isUsed(asked))
      throw refused(
        request,
        "spec.clusterIPs",
        asked,
        `failed to allocate IP ${asked}: provided IP is already allocated`,
      );
    range.use(asked);
    request.onFailure(() => range.release(asked));
    spec.clusterIPs = [asked];
    return;
  }
  const given = range.allocate();
  if (given === undefined)
    throw refused(request, "spec.clusterIPs", "", "failed to allocate a serviceIP: range is full");
  request.onFailure(() => range.release(given));
  spec.clusterIP = given;
  spec.clusterIPs = [given];
}

function givePorts(range: PortRange, request: AdmissionRequest, spec: Spec): void {
  const wanted =
    spec.type === "NodePort" ||
    (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
  const held = portsOf(request.old);
  for (const [index, port] of (spec.ports ?? []).entries() as Iterable<[number, ServicePort]>) {
    if (port.nodePort !== undefined && port.nodePort !== 0)
      usePort(range, request, { port: port.nodePort, index, held });
    else if (wanted) {
      const given = range.allocate();
      if (given === undefined)
        throw refused(
          request,
          `spec.ports[${index}].nodePort`,
          "",
          "failed to allocate a nodePort: range is full",
        );
      request.onFailure(() => range.release(given));
      port.nodePort = given;
    }
  }
}

function usePort(
  range: PortRange,
  request: AdmissionRequest,
  { port, index, held }: { port: number; index: number; held: readonly number[] },
): void {
  if (held.includes(port)) return;
  const field = `spec.ports[${index}].nodePort`;
  if (!range.contains(port))
    throw refused(
      request,
      field,
      port,
      `provided port is not in the valid range. The range of valid ports is ${range}`,
    );
  if (range.isUsed(port)) throw refused(request, field, port, "provided port is already allocated");
  range.use(port);
  request.onFailure(() => range.release(port));
}

function refused({ call }: AdmissionRequest, field: string, value: unknown, why: string) {
  const error: FieldError = {
    type: "FieldValueInvalid",
    field,
    message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  };
  return invalid(call.endpoint.type, call.name, [error]);
}

function addressesOf(object: StoredObject | undefined): readonly string[] {
  const spec = specOf(object);
  if (spec?.clusterIP === undefined || spec.clusterIP === "" || spec.clusterIP === "None") return [];
  return [spec.clusterIP];
}

function portsOf(object: StoredObject | undefined): readonly number[] {
  return (specOf(object)?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
}

function specOf(object: StoredObject | undefined): DeepReadonly<Service>["spec"] {
  return (object as unknown as DeepReadonly<Service> | undefined)?.spec;
}
