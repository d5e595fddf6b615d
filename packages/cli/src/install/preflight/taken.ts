import { isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { CliError } from "../../errors.ts";
import { INSTALLATION_LABEL } from "../labels.ts";
import { keyOf, nameOf, typeOf } from "../objects.ts";
import { type Installation, requireOwn } from "../record.ts";

/**
 * An install is for a cluster without one, or goes on with one of this version that was broken off.
 * @throws CliError
 */
export function checkFresh(installation: Installation | undefined, version: string): void {
  if (installation === undefined) return;
  if (installation.state === "Installing") {
    if (installation.version === version) return;
    throw new CliError(
      "InstallBegun",
      `Cannot install: an install of version ${installation.version} was begun in this cluster and has not ended (installation ${installation.id}); this is version ${version}`,
      {
        hint: `Go on with this version: jdos upgrade; or with ${installation.version}: jdos install from a clone of that version; or remove it: jdos uninstall --applications keep|delete`,
      },
    );
  }
  if (installation.state === "Uninstalling")
    throw new CliError(
      "Uninstalling",
      "Cannot install: an uninstall of this cluster was begun and has not ended",
      {
        hint: "End it first, with the same choice as before: jdos uninstall --applications keep|delete",
      },
    );
  throw new CliError(
    "AlreadyInstalled",
    `Cannot install: this cluster has JDOS already (installation ${installation.id}, version ${installation.version}, ${installation.state})`,
    {
      hint: `A cluster holds one. See it: jdos status --kubeconfig FILE; bring it to version ${version}: jdos upgrade --kubeconfig FILE; or choose another cluster`,
    },
  );
}

export function checkInstalled(installation: Installation | undefined): asserts installation is Installation {
  if (installation === undefined)
    throw new CliError("NotInstalled", "Cannot upgrade: this cluster has no installation of JDOS", {
      hint: "Install it: jdos install --kubeconfig FILE --registry HOST/PATH",
    });
  if (installation.state === "Uninstalling")
    throw new CliError(
      "Uninstalling",
      "Cannot upgrade: an uninstall of this cluster was begun and has not ended",
      {
        hint: "End it: jdos uninstall --applications keep|delete",
      },
    );
}

/** Nothing of somebody else's is taken over: names that hold for the whole cluster may be used by others. */
export async function checkTaken(client: Client, objects: readonly KubeObject[], id: string): Promise<void> {
  const wide = objects.filter((object) => !typeOf(object).namespaced && object.kind !== "Namespace");
  const owners = await Promise.all(
    wide.map(async (object) => ({ object, owner: await ownerOf(client, object) })),
  );
  const taken = owners.find(({ owner }) => owner !== undefined && owner !== id);
  if (taken === undefined) return;
  await requireOwn(client, id);
  const whose =
    taken.owner === "" ? "was not put there by jdos install" : `belongs to installation ${taken.owner}`;
  throw new CliError("NameTaken", `Cannot install: ${nameOf(taken.object)} exists and ${whose}`, {
    hint:
      taken.owner === ""
        ? "A machine's own engine has JDOS built in; elsewhere remove what is there, if nobody needs it"
        : "Remove what is left of it: jdos uninstall --applications keep|delete",
  });
}

/** The installation of an object that exists; "" for none. */
async function ownerOf(client: Client, object: KubeObject): Promise<string | undefined> {
  try {
    const { metadata } = await client.get(typeOf(object), keyOf(object));
    return metadata.labels?.[INSTALLATION_LABEL] ?? "";
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
