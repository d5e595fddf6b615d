import { isDnsLabel } from "@jdos/apimachinery";

const MAX_LENGTH = 50;

/** Why a System may not have a name, in a sentence; undefined when it may. */
export function nameRefusal(name: string): { reason: string; message: string } | undefined {
  const refuse = (message: string) => ({ reason: "InvalidName", message });
  if (!isDnsLabel(name) || name.length > MAX_LENGTH) {
    return refuse(
      `System name "${name}" cannot be used: it must be at most ${MAX_LENGTH} lower case letters, digits and dashes`,
    );
  }
  if (name === "default")
    return refuse('System name "default" cannot be used: it is the name of Kubernetes\' own Namespace');
  if (name.startsWith("kube-"))
    return refuse(`System name "${name}" cannot be used: names that begin with "kube-" belong to Kubernetes`);
  if (name === "jdos" || name.startsWith("jdos-"))
    return refuse(
      `System name "${name}" cannot be used: "jdos" and names that begin with "jdos-" belong to the platform`,
    );
  return undefined;
}
