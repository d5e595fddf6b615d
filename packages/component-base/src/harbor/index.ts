/**
 * Harbor as a registry with a project for each System: its API, and whether it can be used.
 * @module
 */
export { checkHarbor, type HarborFacts } from "./check.ts";
export {
  HarborClient,
  type HarborClientOptions,
  type HarborProject,
  type HarborRobot,
  type HarborRobotCreated,
} from "./client.ts";
export { HarborError, type HarborErrorCode } from "./errors.ts";
export { projectName, systemOfProject } from "./project-name.ts";
