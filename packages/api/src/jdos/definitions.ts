import type { ResourceType } from "@jdos/apimachinery";
import type { CustomResourceDefinition } from "kubernetes-types/apiextensions/v1.d.ts";
import { Applications } from "./application.ts";
import { Builds } from "./build.ts";
import { Releases } from "./release.ts";
import { applicationSpec, applicationStatus } from "./schema/application.ts";
import { buildSpec, buildStatus } from "./schema/build.ts";
import { releaseSpec, releaseStatus } from "./schema/release.ts";
import { DNS_LABEL } from "./schema/schema.ts";
import { systemSpec, systemStatus } from "./schema/system.ts";
import { webhookSpec, webhookStatus } from "./schema/webhook.ts";
import { Systems } from "./system.ts";
import { Webhooks } from "./webhook.ts";

interface Column {
  name: string;
  type: "string" | "integer" | "date";
  jsonPath: string;
  description?: string;
  /** Above 0: only with -o wide. */
  priority?: number;
}

interface Definition {
  type: ResourceType;
  description: string;
  shortNames: string[];
  /** Pattern and length of the object's own name. */
  name: { pattern: string; maxLength: number };
  specRequired: boolean;
  spec: object;
  status: object;
  columns: Column[];
  scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath: string };
}

const READY = '.status.conditions[?(@.type=="Ready")].status';
const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

const definitions: readonly Definition[] = [
  {
    type: Systems,
    description:
      "System is a department's share of the platform: a Namespace of its own name with quota and members.",
    shortNames: ["sys"],
    name: { pattern: DNS_LABEL, maxLength: 50 },
    specRequired: false,
    spec: systemSpec,
    status: systemStatus,
    columns: [
      { name: "Ready", type: "string", jsonPath: READY },
      { name: "Applications", type: "integer", jsonPath: ".status.applications" },
      { name: "Department", type: "string", jsonPath: ".spec.department", priority: 1 },
      {
        name: "Reason",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Ready")].message',
        priority: 1,
      },
      age,
    ],
  },
  {
    type: Applications,
    description:
      "Application is several Pods that provide one service, made from a source and run from a Release.",
    shortNames: ["app", "apps"],
    name: { pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$", maxLength: 50 },
    specRequired: true,
    spec: applicationSpec,
    status: applicationStatus,
    columns: [
      { name: "Ready", type: "string", jsonPath: READY },
      { name: "Release", type: "integer", jsonPath: ".status.currentRelease" },
      { name: "Replicas", type: "integer", jsonPath: ".status.readyReplicas" },
      { name: "URL", type: "string", jsonPath: ".status.url" },
      { name: "Image", type: "string", jsonPath: ".status.image", priority: 1 },
      {
        name: "Reason",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Ready")].message',
        priority: 1,
      },
      age,
    ],
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    },
  },
  {
    type: Builds,
    description: "Build is one run from a source revision to an image digest.",
    shortNames: ["bld"],
    name: { pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$", maxLength: 62 },
    specRequired: true,
    spec: buildSpec,
    status: buildStatus,
    columns: [
      { name: "Phase", type: "string", jsonPath: ".status.phase" },
      { name: "Image", type: "string", jsonPath: ".status.image" },
      { name: "Revision", type: "string", jsonPath: ".status.revision", priority: 1 },
      {
        name: "Reason",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Succeeded")].message',
        priority: 1,
      },
      age,
    ],
  },
  {
    type: Releases,
    description:
      "Release is an immutable record of what can run: an image digest and the whole run configuration.",
    shortNames: ["rel"],
    name: { pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$", maxLength: 62 },
    specRequired: true,
    spec: releaseSpec,
    status: releaseStatus,
    columns: [
      { name: "Image", type: "string", jsonPath: ".spec.image" },
      { name: "Deployed", type: "string", jsonPath: '.status.conditions[?(@.type=="Deployed")].status' },
      { name: "Reason", type: "string", jsonPath: ".spec.reason" },
      {
        name: "Intact",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Intact")].status',
        priority: 1,
      },
      age,
    ],
  },
  {
    type: Webhooks,
    description: "Webhook is a way in for the deliveries of a forge, whose pushes build an application.",
    shortNames: ["hook", "hooks"],
    name: { pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$", maxLength: 62 },
    specRequired: true,
    spec: webhookSpec,
    status: webhookStatus,
    columns: [
      { name: "Application", type: "string", jsonPath: ".spec.application" },
      { name: "Forge", type: "string", jsonPath: ".spec.forge" },
      { name: "Ready", type: "string", jsonPath: READY },
      { name: "Last", type: "string", jsonPath: ".status.deliveries[0].outcome" },
      { name: "Delivered", type: "date", jsonPath: ".status.deliveries[0].time" },
      { name: "URL", type: "string", jsonPath: ".status.url", priority: 1 },
      {
        name: "Reason",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Ready")].message',
        priority: 1,
      },
      age,
    ],
  },
];

/** The CustomResourceDefinitions by which jdos.io/v1 is installed. */
export const JDOS_DEFINITIONS: readonly CustomResourceDefinition[] = definitions.map(definitionOf);

function definitionOf(definition: Definition): CustomResourceDefinition {
  const { type } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${type.resource}.${type.group}`, labels: { "app.kubernetes.io/part-of": "jdos" } },
    spec: {
      group: type.group,
      scope: type.namespaced ? "Namespaced" : "Cluster",
      names: {
        kind: type.kind,
        listKind: `${type.kind}List`,
        plural: type.resource,
        singular: type.kind.toLowerCase(),
        shortNames: definition.shortNames,
        categories: ["all", "jdos"],
      },
      versions: [
        {
          name: type.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schemaOf(definition) },
          additionalPrinterColumns: definition.columns,
          subresources: {
            status: {},
            ...(definition.scale === undefined ? {} : { scale: definition.scale }),
          },
        },
      ],
    },
  } as unknown as CustomResourceDefinition;
}

function schemaOf(definition: Definition): object {
  return {
    type: "object",
    description: definition.description,
    ...(definition.specRequired ? { required: ["spec"] } : {}),
    properties: {
      apiVersion: { type: "string", description: "The version of the object's schema." },
      kind: { type: "string", description: "What the object is." },
      metadata: { type: "object", properties: { name: { type: "string", ...definition.name } } },
      spec: definition.spec,
      status: definition.status,
    },
  };
}
