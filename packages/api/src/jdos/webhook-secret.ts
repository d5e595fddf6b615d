import { createHmac } from "node:crypto";

export interface WebhookSecretOf {
  uid: string;
  secretVersion?: number | undefined;
}

/**
 * The signing secret of a Webhook: nobody keeps it, whoever has the platform's master key can work it out. Another
 * version is another secret; a Webhook that is made again has another uid.
 */
export function webhookSecret(masterKey: string, { uid, secretVersion = 1 }: WebhookSecretOf): string {
  return createHmac("sha256", masterKey).update(`${uid}/${secretVersion}`).digest("hex");
}
