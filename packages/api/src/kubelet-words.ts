/**
 * Whether a container waits only because kubelet has not read a Secret or ConfigMap that its Pod is the first to name:
 * it says CreateContainerConfigError with this message, tries again after a moment, and starts. Source: kubelet's
 * manager of watched Secrets and ConfigMaps.
 */
export function isKubeletCatchingUp(message: string | undefined): boolean {
  return /^failed to sync (secret|configmap) cache: /.test(message ?? "");
}
