import { type Application, DEPLOY_BRANCHES } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";

const COMMIT = /^[0-9a-f]{40,64}$/;

/** The patterns of the branches whose pushes deploy an application that is made from another forge's repository. */
export function branchesOf({ triggers, source }: DeepReadonly<Application["spec"]>): readonly string[] {
  if (triggers?.branches !== undefined) return triggers.branches;
  const revision = source?.git?.revision;
  return revision === undefined || COMMIT.test(revision) ? DEPLOY_BRANCHES : [revision];
}
