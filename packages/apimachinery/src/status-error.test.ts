import assert from "node:assert/strict";
import { test } from "node:test";
import { alreadyExists, conflict, invalid, isStatus, notFound, StatusError } from "./status-error.ts";

const pods = { group: "", resource: "pods", kind: "Pod" };
const deployments = { group: "apps", resource: "deployments", kind: "Deployment" };

test("notFound(), alreadyExists() and conflict() speak as Kubernetes does", () => {
  assert.equal(notFound(pods, "web").message, 'pods "web" not found');
  assert.equal(alreadyExists(deployments, "web").message, 'deployments.apps "web" already exists');
  assert.match(
    conflict(pods, "web").message,
    /^Operation cannot be fulfilled on pods "web": the object has been modified/,
  );
  assert.deepEqual(
    [notFound(pods, "a").code, alreadyExists(pods, "a").code, conflict(pods, "a").code],
    [404, 409, 409],
  );
});

test("invalid() lists the fields and gives each as a cause", () => {
  const required = { type: "FieldValueRequired", field: "spec.selector", message: "Required value" } as const;
  const one = invalid(deployments, "web", [required]);
  assert.equal(one.message, 'Deployment.apps "web" is invalid: spec.selector: Required value');
  const two = invalid(pods, "web", [required, { ...required, field: "spec.containers" }]);
  assert.equal(
    two.message,
    'Pod "web" is invalid: [spec.selector: Required value, spec.containers: Required value]',
  );
  assert.deepEqual(one.toStatus().details?.causes, [
    { reason: "FieldValueRequired", message: "Required value", field: "spec.selector" },
  ]);
});

test("fromStatus() reads what toStatus() wrote", () => {
  const error = conflict(pods, "web");
  const read = StatusError.fromStatus(error.toStatus(), 409);
  assert.deepEqual(read.toStatus(), error.toStatus());
});

test("fromStatus() takes the reason from the code when there is none", () => {
  assert.equal(StatusError.fromStatus({ message: "slow down" }, 429).reason, "TooManyRequests");
  assert.equal(StatusError.fromStatus({}, 599).reason, "InternalError");
});

test("isStatus() asks for any or for certain reasons", () => {
  const error: unknown = notFound(pods, "web");
  assert.equal(isStatus(error), true);
  assert.equal(isStatus(error, "Conflict", "NotFound"), true);
  assert.equal(isStatus(error, "Conflict"), false);
  assert.equal(isStatus(new Error("x")), false);
});
