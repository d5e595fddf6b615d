export interface SigningKeyView {
  /** SHA-256 of the key, DER. */
  id: string;
  /** PEM. */
  publicKey: string;
}

/** One thing that was looked at, and what was found. */
export interface VerificationCheck {
  name: "image" | "signature" | "provenance" | "sbom";
  passed: boolean;
  /** A sentence. */
  message: string;
}

/** Who built a release's image from what, and whether all that is attached to it says so. */
export interface ImageVerification {
  system: string;
  application: string;
  release: number;
  image: string;
  /** Every check passed. */
  verified: boolean;
  checks: VerificationCheck[];
  /** SHA-256 of the key that they were checked with. */
  keyId: string;
  /** Out of the provenance, once its signature was found to be right. */
  provenance?: {
    builder: string;
    build?: string;
    requestedBy?: string;
    /** git+https://..., or the bundle. */
    source?: string;
    revision?: string;
    startedOn?: string;
    finishedOn?: string;
    /** The images it was built from, by digest. */
    materials: string[];
  };
  /** Of the list of packages. */
  packages?: number;
}
