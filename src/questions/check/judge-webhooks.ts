import { NEVER_MANAGED } from '../../decision/managed-label.ts';
import { MANAGED_LABEL } from '../../decision/namespace-record.ts';
import { satisfies } from '../../decision/node-selector.ts';
import { DAY_MS, isoTime } from '../../units/moment.ts';
import { itself, nameFew } from '../../units/tell-few.ts';
import type { ClusterFacts, LabelSelector, WebhookFacts } from './facts.ts';
import { about, type Finding } from './finding.ts';
import { APPLY, controllersLog, SERVICE } from './names.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';
const ANY_NAMESPACE = 'some-namespace';
const MOST_NAMED = 3;
const PODS = 'pods.gridgate.dev';
const JOBS = 'jobs.gridgate.dev';
const NAMESPACES = 'namespaces.gridgate.dev';
const WORKLOADS = 'workloads.gridgate.dev';
/** Of them only these are called for namespaces that did not opt in. */
const FOR_ALL: ReadonlySet<string> = new Set([NAMESPACES]);
const EXPECTED = [
  ['MutatingWebhookConfiguration', PODS, 'pods are not sent to gridgate'],
  ['MutatingWebhookConfiguration', JOBS, 'no Job is suspended to wait for cleaner hours'],
  ['MutatingWebhookConfiguration', NAMESPACES, 'nobody checks annotations of namespaces'],
  ['ValidatingWebhookConfiguration', WORKLOADS, 'nobody warns who writes a workload that will be denied'],
] as const;

/** Whether everything is registered, and called for the namespaces that opted in and no others. */
export function judgeWebhooks({ webhooks, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'registration';
  return about(check, webhooks, (all) => {
    const missing = EXPECTED.filter(([kind, name]) => !all.some((one) => one.kind === kind && one.name === name)).map(
      ([kind, name, so]): Finding => ({
        check,
        state: 'failed',
        says: `${kind} ${SERVICE} has no webhook ${name}: ${so}`,
        todo: APPLY,
      }),
    );
    const wrong = all.flatMap((webhook) =>
      wrongSelections(webhook, systemNamespace).map((says): Finding => ({ check, state: 'failed', says, todo: APPLY })),
    );
    if (missing.length + wrong.length > 0) return [...missing, ...wrong];
    const called = [...new Set(all.map(shortName))]; // `strict` has two for pods
    return [
      {
        check,
        state: 'ok',
        says: `${nameFew(called, called.length, itself)} are called where ${MANAGED_LABEL} says so`,
      },
    ];
  });
}

function shortName({ name }: WebhookFacts): string {
  return name.replace(/\.gridgate\.dev$/, '');
}

/**
 * What a selector should answer:
 *
 * | namespace                        | pods and others | namespaces.gridgate.dev |
 * | -------------------------------- | --------------- | ----------------------- |
 * | that opted in                    | yes             | yes                     |
 * | another                          | no              | yes                     |
 * | of Kubernetes, or gridgate's own | no              | no                      |
 */
function wrongSelections({ name, selector }: WebhookFacts, systemNamespace: string): readonly string[] {
  const optedIn = (namespace: string) => ({ [NAME_LABEL]: namespace, [MANAGED_LABEL]: 'true' });
  const isForAll = FOR_ALL.has(name);
  const spared = [...NEVER_MANAGED, systemNamespace].filter((one) => isSelected(selector, optedIn(one)));
  return [
    ...(isSelected(selector, optedIn(ANY_NAMESPACE))
      ? []
      : [
          `the namespaceSelector of ${name} leaves out namespaces labelled ${MANAGED_LABEL}=true: it is not called there`,
        ]),
    ...(isSelected(selector, { [NAME_LABEL]: ANY_NAMESPACE }) === isForAll
      ? []
      : [
          isForAll
            ? `the namespaceSelector of ${name} leaves out namespaces that did not opt in yet: nobody checks how they do`
            : `the namespaceSelector of ${name} takes namespaces that never opted in: all their pods wait for gridgate`,
        ]),
    ...(spared.length > 0
      ? [
          `the namespaceSelector of ${name} takes ${nameFew(spared, MOST_NAMED, String)}: a cluster that starts needs them without gridgate`,
        ]
      : []),
  ];
}

/** As the API server sees it; a selector without a requirement takes everything. */
function isSelected(
  { matchLabels, matchExpressions }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const asked = Object.entries(matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  return [...asked, ...(matchExpressions ?? [])].every((one) => satisfies(one, labels[one.key]));
}

/** Whether the API server has an authority to trust: the same in each webhook, alive, and the one that is served. */
export function judgeTrust({ webhooks, mistrust, apiServer, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'CA';
  if (!('value' in webhooks) || webhooks.value.length === 0) return [];
  const all = webhooks.value;
  const todo = controllersLog(systemNamespace);
  const failed = (says: string): readonly Finding[] => [{ check, state: 'failed', says, todo }];
  const empty = all.filter(({ authorities }) => authorities === 0);
  if (empty.length > 0)
    return failed(
      `the caBundle of ${nameFew(empty, MOST_NAMED, shortName)} holds no certificate: the API server trusts nobody there`,
    );
  const expired = all.filter(({ trustedUntil }) => trustedUntil <= apiServer.at);
  if (expired.length > 0)
    return failed(
      `the caBundle of ${nameFew(expired, MOST_NAMED, shortName)} expired on ${isoTime(Math.max(...expired.map(({ trustedUntil }) => trustedUntil)))}`,
    );
  if (mistrust !== undefined) return failed(mistrust);
  const [usual, ...others] = bundles(all);
  if (others.length > 0)
    return failed(
      `the caBundle of ${nameFew(others.flat(), MOST_NAMED, shortName)} is another than that of ${nameFew(usual ?? [], MOST_NAMED, shortName)}`,
    );
  const until = Math.min(...all.map(({ trustedUntil }) => trustedUntil));
  const says = `every caBundle holds the same authority, valid until ${isoTime(until)}`;
  if (until - apiServer.at > DAY_MS) return [{ check, state: 'ok', says }];
  return [{ check, state: 'warning', says, todo }];
}

/** Webhooks by their caBundle, what most have first. */
function bundles(all: readonly WebhookFacts[]): readonly (readonly WebhookFacts[])[] {
  return [...Map.groupBy(all, ({ bundle }) => bundle).values()].toSorted((a, b) => b.length - a.length);
}
