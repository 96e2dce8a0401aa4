import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';

const PAGE = readFileSync('SECURITY.md', 'utf8');
/** kubernetes/sig-security, sig-security-docs/papers/admission-control/kubernetes-admission-control-threat-model.md. */
const THREATS = [
  'Attacker floods webhook with traffic preventing its operations',
  'Attacker passes workloads which require complex processing causing timeouts',
  'Attacker exploits misconfiguration of webhook to bypass',
  'Attacker has rights to delete or modify the k8s webhook object',
  'Attacker gets access to valid credentials for the webhook',
  'Attacker gains access to a cluster admin credential',
  'Attacker sniffs traffic on the container network',
  'Attacker carries out a MITM attack on the webhook',
  'Attacker steals traffic from the webhook via spoofing',
  'Abusing a mutation rule to create a privileged container',
  'Attacker deploys workloads to namespaces that are exempt from admission control',
  'Block rule can be bypassed due to missing match (e.g. missing initcontainers)',
  'Attacker exploits bad string matching on a blocklist to bypass rules',
  'Attacker uses new/old features of the Kubernetes API which have no rules',
  'Attacker deploys privileged container to node running Webhook controller',
  'Attacker mounts a privileged node hostpath allowing modification of Webhook controller configuration',
  'Attacker has privileged SSH access to cluster node running admission webhook',
  'Attacker uses policies to send confidential data from admission requests to external systems',
];
const RULES = ['manifests/base/rbac.yaml', 'manifests/base/controllers-rbac.yaml', 'manifests/strict/rbac.yaml'];
const UNTESTABLE = /^No test can show .+/;
const NAMED_TEST = /`(test\/[^`]+\.ts)` › ([^<]+)/g;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The rows of the table that begins with this cell, each as its cells. */
function table(first: string): readonly (readonly string[])[] {
  const lines = PAGE.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  assert.ok(begin >= 0, `no table of ${first}`);
  const end = lines.findIndex((line, index) => index > begin && !line.startsWith('|'));
  return lines.slice(begin + 2, end).map((line) => line.slice(2, -2).split(' | '));
}

function namedTests(cell: string): readonly (readonly [file: string, name: string])[] {
  return [...cell.matchAll(NAMED_TEST)].map(([, file = '', name = '']) => [file, name.trim()]);
}

/** Titles, and keys of the rows that titles are made of, stand in quotes. */
function isIn(file: string, name: string): boolean {
  const code = readFileSync(file, 'utf8');
  return ["'", '"', '`'].some((quote) => code.includes(`${quote}${name}${quote}`));
}

describe('SECURITY.md', () => {
  const threats = table('ID');

  it('answers the 18 threats of SIG Security, by their names', () =>
    assert.deepEqual(
      threats.map(([id, threat]) => [id, threat]),
      THREATS.map((threat, index) => [String(index + 1), threat]),
    ));

  for (const [id, , does, remains, tests = ''] of threats)
    it(`says what holds threat ${id}, what remains, and which tests show it`, () => {
      assert.ok(does && remains);
      const named = namedTests(tests);
      assert.ok(named.length > 0 || UNTESTABLE.test(tests), tests);
      for (const [file, name] of named) assert.ok(existsSync(file) && isIn(file, name), `${file} has no ${name}`);
    });

  it('tells the rights of each account as the manifests give them', () => {
    const given = RULES.flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS()))
      .filter((one) => one?.kind === 'ClusterRole' || one?.kind === 'Role')
      .flatMap(({ metadata, rules }) =>
        rules.map((rule: Rule) => `${metadata.name} in ${metadata.namespace ?? 'cluster'}: ${ruleText(rule)}`),
      );
    const told = table('role').map(([role, , where, may]) => `${role} in ${where}: ${may?.replaceAll('`', '')}`);
    assert.deepEqual(told.toSorted(), given.toSorted());
  });

  it('gives each right to the accounts that the manifests bind it to', () => {
    const given = RULES.flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS()))
      .filter((one) => /RoleBinding$/.test(one?.kind))
      .flatMap(({ roleRef, subjects }) => subjects.map(({ name }: { name: string }) => `${roleRef.name} ${name}`));
    const told = table('role')
      .filter(([role]) => role !== 'gridgate-view') // for people
      .flatMap(([role, who = '']) =>
        who
          .replace(/ \(.*\)/, '')
          .split(', ')
          .map((one) => `${role} ${ACCOUNTS[one]}`),
      );
    assert.deepEqual([...new Set(told)].toSorted(), [...new Set(given)].toSorted());
  });

  it('links pages that are there', () => {
    const links = [...PAGE.matchAll(/\]\((?!https:)([^)#]+)/g)].map(([, path = '']) => path);
    assert.deepEqual(
      links.filter((path) => !existsSync(path)),
      [],
    );
  });
});

const ACCOUNTS: Readonly<Record<string, string>> = { webhook: 'gridgate', controllers: 'gridgate-controllers' };

function ruleText({ apiGroups, resources, resourceNames, verbs }: Rule): string {
  const group = apiGroups[0] === '' ? '' : `${apiGroups}/`;
  return `${group}${resources} ${resourceNames ? `[${resourceNames}] ` : ''}${verbs}`;
}
