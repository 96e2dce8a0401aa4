import { z } from 'zod';
import { SIGNALS } from '../../src/regions/reading.ts';
import { publishedSchema } from '../config/published-schema.ts';

const object = z.looseObject({});
const objects = z.array(object);
const texts = z.record(z.string(), z.string());
const durationText = z.string().regex(/^([0-9]+(ms|s|m|h))+$/);
const amount = z.union([z.int().min(0), z.string().regex(/^[0-9]+%$/)]);
const port = z.int().min(1024).max(65_535);
const anyPort = z.int().min(1).max(65_535);
const cidrs = z.array(z.string().regex(/^[0-9a-fA-F:.]+\/[0-9]{1,3}$/));
/** Of an object in Kubernetes; empty where the chart is to choose. */
const name = z.string().regex(/^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$/);
const named = name.min(1);

const resources = z.strictObject({ requests: object, limits: object, claims: objects }).partial();
const monitor = z.strictObject({ enabled: z.boolean(), labels: texts, interval: durationText });
const webhookOf = (failurePolicy: z.ZodType) =>
  z.strictObject({ failurePolicy, timeoutSeconds: z.int().min(1).max(30) }).partial();
const either = webhookOf(z.enum(['Ignore', 'Fail']));
const component = z.strictObject({ enabled: z.boolean(), mode: z.enum(['on', 'audit']) }).partial();

const scheduling = { nodeSelector: texts, tolerations: objects, affinity: object };
const pods = {
  replicas: z.int().min(0).max(100),
  resources,
  priorityClassName: z.string(),
  podDisruptionBudget: z.strictObject({ enabled: z.boolean(), maxUnavailable: amount }).partial(),
  topologySpreadConstraints: z.nullable(objects),
  ...scheduling,
  podAnnotations: texts,
  podLabels: texts,
  serviceAccountAnnotations: texts,
  extraArgs: z.array(z.string()),
  extraEnv: objects,
  extraVolumes: objects,
  extraVolumeMounts: objects,
};

const values = z
  .strictObject({
    global: object.describe('What a parent chart says for all.'),
    image: z
      .strictObject({
        repository: z.string().min(1),
        tag: z.string(),
        digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
        pullPolicy: z.enum(['', 'Always', 'IfNotPresent', 'Never']),
      })
      .partial(),
    imagePullSecrets: z.array(named),
    roles: z.enum(['split', 'single']),
    strict: z.boolean(),
    config: object, // replaced below
    sources: z.strictObject({ existingSecret: named }).partial(),
    regionLabel: z.string(),
    policySignal: z.enum(SIGNALS),
    defaultRegion: z.string(),
    logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    certificates: z
      .strictObject({
        mode: z.enum(['self', 'certManager', 'secret']),
        secretName: named,
        certManager: z
          .strictObject({
            issuerRef: z.strictObject({ name: named, kind: z.string(), group: z.string() }).partial(),
            duration: durationText,
            renewBefore: durationText,
          })
          .partial(),
      })
      .partial(),
    webhooks: z
      .strictObject({
        annotations: texts,
        excludedNamespaces: z.array(named),
        pods: either,
        jobs: either,
        namespaces: either,
        workloads: either,
        finalPods: either,
        bindings: webhookOf(z.literal('Ignore')),
      })
      .partial(),
    webhook: z
      .strictObject({ ...pods, port, metricsPort: port, hostNetwork: z.boolean(), clientCaConfigMap: name })
      .partial(),
    controllers: z.strictObject(pods).partial(),
    releaseOverdue: z.strictObject({ schedule: z.string(), resources }).partial(),
    capacity: z
      .strictObject({
        nodePools: component,
        nodeOverlays: component,
        priorityExpander: component,
        regionalAutoscaler: component,
        carbonBudgets: component,
      })
      .partial(),
    clusterAutoscaler: z.strictObject({ namespace: name, status: name }).partial(),
    crds: z.strictObject({ install: z.boolean() }).partial(),
    priorityClasses: z.strictObject({ install: z.boolean() }).partial(),
    criticalPodsQuota: z.strictObject({ enabled: z.boolean(), pods: z.int().min(1) }).partial(),
    namespace: z.strictObject({ create: z.boolean(), labels: texts }).partial(),
    aks: z.boolean(),
    openshift: z.boolean(),
    networkPolicy: z
      .strictObject({
        enabled: z.boolean(),
        webhookFrom: cidrs,
        metricsFrom: objects,
        egress: z
          .strictObject({
            enabled: z.boolean(),
            apiServerCidrs: cidrs,
            apiServerPorts: z.array(anyPort).min(1),
            sourceCidrs: cidrs,
            sourcePorts: z.array(anyPort),
          })
          .partial(),
      })
      .partial(),
    flowControl: z
      .strictObject({
        enabled: z.boolean(),
        nominalConcurrencyShares: z.int().min(1),
        matchingPrecedence: z.int().min(1).max(10_000),
      })
      .partial(),
    monitoring: z
      .strictObject({
        runbookUrl: z.string().regex(/^(https?:\/\/.+)?$/),
        podMonitor: monitor.partial(),
        serviceMonitor: monitor.partial(),
        prometheusRule: z.strictObject({ enabled: z.boolean(), labels: texts }).partial(),
        dashboards: z
          .strictObject({ enabled: z.boolean(), labels: texts, annotations: texts, namespace: name })
          .partial(),
      })
      .partial(),
    verify: z.strictObject({ enabled: z.boolean(), wait: durationText, namespace: name }).partial(),
    uninstall: z
      .strictObject({
        enabled: z.boolean(),
        policies: z.boolean(),
        regions: z.boolean(),
        settings: z.boolean(),
        timeoutSeconds: z.int().min(30),
      })
      .partial(),
    ...scheduling,
    commonLabels: texts,
    extraObjects: z.array(z.union([object, z.string()])),
  })
  .partial();

type Schema = z.core.JSONSchema.BaseSchema;

/** What Helm holds values against; `config` is that of gridgate.yaml. Draft 7, as of what editors know. */
export function valuesSchema(): Schema {
  const { properties = {}, ...schema } = z.toJSONSchema(values, { io: 'input', target: 'draft-7' });
  const { $schema: _, title, ...config } = publishedSchema();
  return {
    ...schema,
    title: 'Values of the chart gridgate',
    properties: { ...properties, config: { title, ...withoutLookahead(config), type: ['object', 'null'] } as Schema },
  };
}

/** Go's regular expressions have no lookahead: what one said of the length is left to the program. */
function withoutLookahead(schema: Schema): Schema {
  const revive = (key: string, value: unknown) =>
    key === 'pattern' && typeof value === 'string' ? value.replaceAll(/\(\?[=!][^()]*\)/g, '') : value;
  return JSON.parse(JSON.stringify(schema), revive);
}
