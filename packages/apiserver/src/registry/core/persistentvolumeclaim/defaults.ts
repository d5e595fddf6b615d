import type { PersistentVolumeClaim } from "@jdos/api";

export function defaultClaimSpec(spec: NonNullable<PersistentVolumeClaim["spec"]>): void {
  spec.volumeMode ??= "Filesystem";
}
