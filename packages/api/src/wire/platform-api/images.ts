/** One image that the registry keeps for an application, or that a release of it names. */
export interface ImageView {
  system: string;
  application: string;
  digest: string;
  tags: string[];
  /** Compressed, as the registry has it: configuration and layers. Absent where it is missing. */
  sizeBytes?: number;
  /** The part of it that another image of the application, or its base, has too. */
  sharedBytes?: number;
  /** The registry does not have it any more though something names it. */
  missing?: boolean;
  /** The Build that made it, while that is there. */
  build?: string;
  /** "registry.jdos.internal/jdos/base:12", and the digest that it had then. */
  base?: { image: string; digest: string };
  /** There is a newer base: a sentence with the command that builds it again. */
  newerBase?: string;
  /** current: serves, or is to. running: Pods have it. rollback: a release within historyLimit. build: its Build is kept. */
  keep: "current" | "running" | "rollback" | "build" | "tag" | "newest" | "none";
  /** What needs it, in sentences; empty: nothing. */
  neededBy: string[];
  /** Of one that nothing needs: when it goes, at the earliest. Absent: in the grace that begins when that is seen. */
  goesAt?: string;
  /** It was asked to go now. */
  deleting?: boolean;
}
