import type { Logger } from "@jdos/component-base";

/** Where an HTTPS door is opened. */
export interface ListenAddress {
  host: string;
  /** 0: any free port. */
  port: number;
}

/** A certificate and its key, PEM. */
export interface CertificatePair {
  certPem: string;
  keyPem: string;
}

export interface ApiServerOptions {
  /** Directory of the store's file, or ":memory:". */
  dataDir: string;
  /** Defaults to none: in-process clients only. */
  listen?: readonly ListenAddress[];
  /** Needed to listen: the server's certificate, and the authority of client certificates. */
  tls?: CertificatePair & { clientCaPem: string };
  /** Private key (RSA or EC P-256, PEM) that signs the tokens of service accounts. Defaults to a fresh one. */
  serviceAccountKeyPem?: string;
  /** Addresses of Services. Defaults to 10.128.0.0/16. */
  serviceCidr?: string;
  /** Where Pods reach this server: the endpoint of Service default/kubernetes. */
  advertise?: { host: string; port: number };
  /** How this server shows itself to kubelets, and whom it believes. */
  kubeletClientTls?: CertificatePair & { caPem: string };
  /** Bearer tokens that are known from the start. */
  staticTokens?: ReadonlyMap<string, { name: string; groups: readonly string[] }>;
  /** Steps of admission that are left out, by name. Defaults to none. */
  disabledAdmission?: readonly string[];
  log: Logger;
  /** Defaults to the machine's clock. */
  now?: () => Date;
}

export const DEFAULT_SERVICE_CIDR = "10.128.0.0/16";
