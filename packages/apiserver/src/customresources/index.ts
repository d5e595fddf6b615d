/** Custom resources: what a CustomResourceDefinition says, and the installer that serves it. */
export { type Installer, type InstallerOptions, startInstaller } from "./installer.ts";
export { strategyOf } from "./strategy-of.ts";
