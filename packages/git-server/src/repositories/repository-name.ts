import { GitServerError } from "../errors.ts";

export interface RepositoryName {
  readonly system: string;
  readonly app: string;
}

const SYSTEM = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const APP = /^[a-z]([-a-z0-9]{0,43}[a-z0-9])?$/;

/** "demo", "hello.git" as a name; nothing that is not one becomes part of a path. @throws GitServerError NotFound */
export function repositoryName(system: string, file: string): RepositoryName {
  const app = file.replace(/\.git$/, "");
  if (SYSTEM.test(system) && APP.test(app)) return { system, app };
  throw new GitServerError("NotFound", "Cannot find this repository: its name is none", {
    hint: "Repositories are /<system>/<application>.git, in small letters, digits and hyphens",
  });
}
