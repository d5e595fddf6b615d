import type { ApplicationSpec, RolloutStatus } from "../../jdos/application.ts";
import type { DeployRequest } from "./deploy.ts";

export type ApplicationState =
  | "Ready"
  | "Deploying"
  | "Degraded"
  | "Failed"
  | "Stopped"
  | "Empty"
  | "Deleting";

export interface ApplicationView {
  system: string;
  name: string;
  state: ApplicationState;
  /** A sentence that says what is true now. */
  message?: string;
  url?: string;
  /** Where git pushes its source to; absent where the platform has no git server. */
  remote?: string;
  image?: string;
  /** The release that serves. */
  release?: number;
  latestBuild?: string;
  replicas: number;
  readyReplicas: number;
  updatedReplicas: number;
  createdAt: string;
  /** How the latest rollout with a strategy stands, or that a release was left. */
  rollout?: RolloutStatus;
  /** There is a newer base than the one it was built on: a sentence with what becomes of that. */
  newerBase?: string;
  spec: ApplicationSpec;
}

/** An application that has no source yet: it is given one by the first deploy, push or webhook. */
export type CreateApplicationRequest = Omit<DeployRequest, "source" | "requestId" | "force">;

/** What the person may do with an application, whether it is there or not. */
export interface AccessView {
  system: string;
  application: string;
  exists: boolean;
  /** Of the application: another one of the same name has another. */
  uid?: string;
  /** Who asks. */
  person: string;
  /** May see it and fetch its repository. */
  read: boolean;
  /** May deploy it, and where it is missing, make it. */
  deploy: boolean;
  /** Why not, where `deploy` is false. */
  message?: string;
  triggers?: ApplicationSpec["triggers"];
}

export interface ScaleRequest {
  replicas: number;
}

export interface EnvView {
  items: { name: string; value?: string; secret?: { name: string; key: string } }[];
}

export interface EnvRequest {
  set?: Record<string, string>;
  /** Variables that take their value from a key of a Secret of the system. */
  secrets?: Record<string, { name: string; key: string }>;
  unset?: string[];
  /** Goes before a freeze window, which owners may. */
  force?: boolean;
}
