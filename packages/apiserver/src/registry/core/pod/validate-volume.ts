import type { Volume, VolumeMount } from "@jdos/api";
import type { KeyToPath } from "kubernetes-types/core/v1.d.ts";
import type { FieldErrors } from "../../validation/field-errors.ts";
import { configKey, dnsLabel } from "../../validation/names.ts";

/** Checks the volumes; returns their names for the mounts. */
export function validateVolumes(
  errors: FieldErrors,
  path: string,
  volumes: readonly Volume[],
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    if (!volume.name) errors.required(`${at}.name`);
    else {
      errors.allInvalid(`${at}.name`, volume.name, dnsLabel(volume.name));
      if (names.has(volume.name)) errors.duplicate(`${at}.name`, volume.name);
      names.add(volume.name);
    }
    validateSource(errors, at, volume);
  }
  return names;
}

function validateSource(errors: FieldErrors, at: string, volume: Volume): void {
  const sources = Object.entries(volume).filter(
    ([member, value]) => member !== "name" && value !== undefined,
  );
  for (const [member] of sources.slice(1)) {
    errors.forbidden(`${at}.${member}`, "may not specify more than 1 volume type");
  }
  const { hostPath, secret, configMap, persistentVolumeClaim, projected } = volume;
  if (hostPath !== undefined) validateHostPath(errors, `${at}.hostPath`, hostPath);
  if (secret !== undefined) {
    if (!secret.secretName) errors.required(`${at}.secret.secretName`);
    validateMode(errors, `${at}.secret.defaultMode`, secret.defaultMode);
    validateItems(errors, `${at}.secret.items`, secret.items);
  }
  if (configMap !== undefined) {
    if (!configMap.name) errors.required(`${at}.configMap.name`);
    validateMode(errors, `${at}.configMap.defaultMode`, configMap.defaultMode);
    validateItems(errors, `${at}.configMap.items`, configMap.items);
  }
  if (persistentVolumeClaim !== undefined && !persistentVolumeClaim.claimName) {
    errors.required(`${at}.persistentVolumeClaim.claimName`);
  }
  for (const [index, source] of (projected?.sources ?? []).entries()) {
    const token = source.serviceAccountToken;
    const from = `${at}.projected.sources[${index}].serviceAccountToken`;
    if (token === undefined) continue;
    if (!token.path) errors.required(`${from}.path`);
    if ((token.expirationSeconds ?? 3600) < 600) {
      errors.invalid(
        `${from}.expirationSeconds`,
        token.expirationSeconds,
        "may not specify a duration less than 10 minutes",
      );
    }
  }
}

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

function validateHostPath(
  errors: FieldErrors,
  at: string,
  { path, type }: NonNullable<Volume["hostPath"]>,
): void {
  if (!path) errors.required(`${at}.path`);
  else if (hasBacksteps(path)) errors.invalid(`${at}.path`, path, "must not contain '..'");
  if (type !== undefined && !HOST_PATH_TYPES.includes(type))
    errors.notSupported(`${at}.type`, type, HOST_PATH_TYPES);
}

function validateMode(errors: FieldErrors, at: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    errors.invalid(at, mode, "must be a number between 0 and 0777 (octal), both inclusive");
  }
}

function validateItems(errors: FieldErrors, path: string, items: readonly KeyToPath[] | undefined): void {
  for (const [index, item] of (items ?? []).entries()) {
    const at = `${path}[${index}]`;
    if (!item.key) errors.required(`${at}.key`);
    else errors.allInvalid(`${at}.key`, item.key, configKey(item.key));
    if (!item.path) errors.required(`${at}.path`);
    else if (item.path.startsWith("/")) errors.invalid(`${at}.path`, item.path, "must be a relative path");
    else if (hasBacksteps(item.path)) errors.invalid(`${at}.path`, item.path, "must not contain '..'");
    validateMode(errors, `${at}.mode`, item.mode);
  }
}

function hasBacksteps(path: string): boolean {
  return path.split("/").includes("..");
}

export function validateMounts(
  errors: FieldErrors,
  path: string,
  mounts: readonly VolumeMount[],
  volumes: ReadonlySet<string>,
): void {
  const places = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const at = `${path}[${index}]`;
    if (!mount.name) errors.required(`${at}.name`);
    else if (!volumes.has(mount.name)) errors.notFound(`${at}.name`, mount.name);
    if (!mount.mountPath) errors.required(`${at}.mountPath`);
    else if (places.has(mount.mountPath))
      errors.invalid(`${at}.mountPath`, mount.mountPath, "must be unique");
    places.add(mount.mountPath);
    if (mount.subPath && mount.subPathExpr) {
      errors.invalid(
        `${at}.subPathExpr`,
        mount.subPathExpr,
        "subPathExpr and subPath are mutually exclusive",
      );
    }
    for (const member of ["subPath", "subPathExpr"] as const) {
      const value = mount[member];
      if (!value) continue;
      if (value.startsWith("/")) errors.invalid(`${at}.${member}`, value, "must be a relative path");
      else if (hasBacksteps(value)) errors.invalid(`${at}.${member}`, value, "must not contain '..'");
    }
  }
}
