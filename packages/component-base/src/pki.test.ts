import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import tls from "node:tls";
import { createCertificateAuthority, issueCertificate } from "./pki.ts";

describe("pki", () => {
  it("issueCertificate() makes a certificate the authority has signed, with the names asked for", async () => {
    const authority = await createCertificateAuthority({ commonName: "test authority" });
    const issued = await issueCertificate(authority, {
      commonName: "system:node:n1",
      organizations: ["system:nodes", "second"],
      dnsNames: ["localhost", "kubernetes.default.svc"],
      ipAddresses: ["127.0.0.1"],
      usages: ["client", "server"],
      days: 10,
    });
    const certificate = new X509Certificate(issued.certPem);
    assert.ok(certificate.verify(new X509Certificate(authority.certPem).publicKey));
    assert.equal(certificate.subject, "O=system:nodes\nO=second\nCN=system:node:n1");
    assert.equal(
      certificate.subjectAltName,
      "DNS:localhost, DNS:kubernetes.default.svc, IP Address:127.0.0.1",
    );
    assert.ok(certificate.checkPrivateKey(createPrivateKey(issued.keyPem)));
    const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
    assert.ok(days > 9 && days <= 10, `valid for ${days} days`);
  });

  it("issueCertificate() serves mutual TLS", async () => {
    const authority = await createCertificateAuthority();
    const serverPair = await issueCertificate(authority, {
      commonName: "server",
      dnsNames: ["localhost"],
      usages: ["server"],
    });
    const clientPair = await issueCertificate(authority, {
      commonName: "alice",
      organizations: ["dev"],
      usages: ["client"],
    });
    const server = tls.createServer({
      cert: serverPair.certPem,
      key: serverPair.keyPem,
      ca: authority.certPem,
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.on("secureConnection", (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = tls.connect({
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
      servername: "localhost",
      ca: authority.certPem,
      cert: clientPair.certPem,
      key: clientPair.keyPem,
    });
    const [answer] = await once(socket, "data");
    assert.equal(String(answer), "alice");
    socket.destroy();
    server.close();
  });

  it("issueCertificate() refuses a certificate that is for nothing", async () => {
    const authority = await createCertificateAuthority();
    await assert.rejects(issueCertificate(authority, { commonName: "x", usages: [] }), {
      code: "InvalidCertificateRequest",
    });
  });
});
