/** The Pod's fault (its writer can correct it), then the node's. */
export type KubeletErrorCode =
  | "CreateContainerConfigError"
  | "InvalidImageName"
  | "ErrImageNeverPull"
  | "UnsupportedVolume"
  | "InvalidVolume"
  | "UnsupportedProbe"
  | "InvalidOption"
  | "ErrImagePull"
  | "ImagePullBackOff"
  | "CrashLoopBackOff"
  | "CreateContainerError"
  | "RunContainerError"
  | "PostStartHookError"
  | "KillContainerError"
  | "MountFailed"
  | "NetworkNotReady"
  | "ListenFailed";

export interface KubeletErrorOptions {
  hint: string;
  cause?: unknown;
}

/**
 * What the kubelet could not do. For a container the code is the reason of its waiting state, as kubectl shows
 * it, and the message is that state's message.
 */
export class KubeletError extends Error {
  readonly code: KubeletErrorCode;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: KubeletErrorCode, message: string, { hint, cause }: KubeletErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "KubeletError";
    this.code = code;
    this.hint = hint;
  }
}
