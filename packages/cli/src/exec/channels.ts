/** Channels of the WebSocket protocol v4.channel.k8s.io: the first byte of each message. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export function onChannel(channel: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.of(channel), data]);
}

interface ExecStatus {
  status?: string;
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/** What the error channel says at the end: the command's exit code, or why it could not run. */
export function readExecStatus(text: string): { exitCode: number; failure?: string } {
  const status = JSON.parse(text) as ExecStatus;
  if (status.status === "Success") return { exitCode: 0 };
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (status.reason === "NonZeroExitCode" && code !== undefined) return { exitCode: Number(code) };
  return { exitCode: 126, failure: status.message ?? "the command could not be run" };
}
