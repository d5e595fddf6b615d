import type { ContainerSecurityContext, Image, NamespaceOption, SecurityProfile } from "../cri/types.ts";
import { KubeletError } from "../errors.ts";
import { type ContainerSpec, formatPod, isHostNetwork, type PodObject, specOf } from "../pod/pod.ts";

const MASKED = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export function namespaceOptions(pod: PodObject): NamespaceOption {
  const spec = specOf(pod);
  return {
    network: isHostNetwork(pod) ? "NODE" : "POD",
    pid: spec.hostPID === true ? "NODE" : spec.shareProcessNamespace === true ? "POD" : "CONTAINER",
    ipc: spec.hostIPC === true ? "NODE" : "POD",
  };
}

/** The container's settings over the Pod's, as the runtime wants them. Refuses root where runAsNonRoot stands. */
export function containerSecurity(
  pod: PodObject,
  container: ContainerSpec,
  { image, seccompRoot }: { image: Image; seccompRoot: string },
): ContainerSecurityContext {
  const own = container.securityContext ?? {};
  const shared = specOf(pod).securityContext ?? {};
  const privileged = own.privileged === true;
  const user = own.runAsUser ?? shared.runAsUser;
  const group = own.runAsGroup ?? shared.runAsGroup;
  if (own.runAsNonRoot ?? shared.runAsNonRoot ?? false) refuseRoot(pod, container, image, user);
  const unmasked = privileged || own.procMount === "Unmasked";
  return {
    privileged,
    namespaceOptions: namespaceOptions(pod),
    ...userOf(user, group, image),
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    supplementalGroups: supplementalGroups(pod),
    noNewPrivs: own.allowPrivilegeEscalation === false,
    capabilities: {
      addCapabilities: [...(own.capabilities?.add ?? [])],
      dropCapabilities: [...(own.capabilities?.drop ?? [])],
    },
    maskedPaths: unmasked ? [] : MASKED,
    readonlyPaths: unmasked ? [] : READ_ONLY,
    seccomp: privileged
      ? { profileType: "Unconfined" }
      : seccompOf(own.seccompProfile ?? shared.seccompProfile, seccompRoot),
  };
}

export function supplementalGroups(pod: PodObject): number[] {
  const { fsGroup, supplementalGroups: groups = [] } = specOf(pod).securityContext ?? {};
  return [...(fsGroup === undefined ? [] : [fsGroup]), ...groups];
}

/** `root` is the directory that profiles of type Localhost are named from. */
export function seccompOf(
  profile: { type: string; localhostProfile?: string } | undefined,
  root: string,
): SecurityProfile {
  if (profile?.type === "RuntimeDefault") return { profileType: "RuntimeDefault" };
  if (profile?.type === "Localhost") {
    return {
      profileType: "Localhost",
      localhostRef: `${root}/${profile.localhostProfile ?? ""}`,
    };
  }
  return { profileType: "Unconfined" };
}

function userOf(
  user: number | undefined,
  group: number | undefined,
  image: Image,
): Partial<ContainerSecurityContext> {
  const runAsGroup = group === undefined ? {} : { runAsGroup: { value: group } };
  if (user !== undefined) return { runAsUser: { value: user }, ...runAsGroup };
  // The runtime takes a group only beside a user: name the image's.
  if (image.uid !== null) return { runAsUser: { value: image.uid.value }, ...runAsGroup };
  if (image.username !== "") return { runAsUsername: image.username, ...runAsGroup };
  return group === undefined ? {} : { runAsUser: { value: 0 }, ...runAsGroup };
}

function refuseRoot(pod: PodObject, container: ContainerSpec, image: Image, user: number | undefined): void {
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  const refuse = (message: string) => {
    throw new KubeletError("CreateContainerConfigError", `${message} ${where}`, {
      hint: "Set runAsUser to a number other than 0, or build the image with a numeric USER",
    });
  };
  if (user !== undefined) {
    if (user === 0) refuse("container's runAsUser breaks non-root policy");
    return;
  }
  if (image.uid !== null && Number(image.uid.value) !== 0) return;
  if (image.username !== "" && image.username !== "root") {
    refuse(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root`,
    );
  }
  refuse("container has runAsNonRoot and image will run as root");
}
