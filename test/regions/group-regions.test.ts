import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupExpression, groupRegions } from '../../src/regions/group-regions.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { REGION_LABEL } from '../builders.ts';

const UUID = '40bbb26b-8679-eb64-d33a-4ba475413529';
const MIG = 'https://www.googleapis.com/compute/v1/projects/europe-west1-shop/zones';
const REGIONS = ['us-west-2', 'us-east-1', 'eu-north-1', 'europe-west1', 'europe-west10', 'westeurope', 'east'];

function node(name: string, region: string | undefined, labels: NodeFacts['labels'] = {}): NodeFacts {
  return {
    name,
    ...(region && { region }),
    labels: { ...labels, ...(region && { [REGION_LABEL]: region }) },
    taints: [],
  };
}

const NODES = [
  node('ip-10-0-0-1.ec2.internal', 'us-east-1', { 'eks.amazonaws.com/nodegroup': 'batch' }),
  node('ip-10-0-0-2.ec2.internal', 'us-west-2', { 'alpha.eksctl.io/nodegroup-name': 'ng-1' }),
  node('i-0a1b', 'eu-north-1', { 'kops.k8s.io/instancegroup': 'nodes' }),
  node('gke-shop-pool-5018659c-x7dk', 'europe-west1', { 'cloud.google.com/gke-nodepool': 'pool' }),
  node('aks-linuxpool01-40896687-vmss00000a', 'westeurope', { agentpool: 'linuxpool01' }),
  node('akswin000001', 'westeurope'),
  node('worker-1', 'us-west-2', { 'doks.digitalocean.com/node-pool-id': 'f2b6ab55' }),
  node('both-1', 'us-west-2', { pool: 'both-us-east-1' }),
  node('both-2', 'us-east-1', { pool: 'both-us-east-1' }),
  node('stray-1', undefined, { pool: 'stray-eu-north-1' }),
  node('hall-1', 'eu-north-1', { 'topology.kubernetes.io/zone': 'hall-7' }),
  node('numbered-1', 'westeurope', { 'topology.kubernetes.io/zone': '1' }),
  node('tiny-1', 'westeurope', { 'node.kubernetes.io/instance-type': 'm5.large' }),
];
const PATTERNS = [
  { region: 'eu-north-1', match: '^gpu-' },
  { region: 'us-west-2', match: 'ocean|^gpu-' },
];

const groups: readonly [why: string, name: string, region: string | undefined][] = [
  ['a pattern wins over nodes and names', 'gpu-us-east-1', 'eu-north-1'],
  ['the second pattern', 'by-the-ocean-us-east-1', 'us-west-2'],
  ['EKS, by the label of its nodes', `eks-batch-${UUID}`, 'us-east-1'],
  ['EKS before 2021', `eks-${UUID}`, undefined],
  ['EKS without a node', `eks-batch-us-west-2-${UUID}`, 'us-west-2'],
  ['eksctl', 'eksctl-shop-nodegroup-ng-1-NodeGroup-1LRT8H4ZKAVO9', 'us-west-2'],
  ['kOps', 'nodes.k8s.example.com', 'eu-north-1'],
  ['GKE, by the names of its nodes', `${MIG}/europe-west1-b/instanceGroups/gke-shop-pool-5018659c-grp`, 'europe-west1'],
  [
    'GKE without a node, by its zone',
    `${MIG}/europe-west10-b/instanceGroups/gke-shop-new-1a2b3c4d-grp`,
    'europe-west10',
  ],
  ['GKE in a zone of nobody', `${MIG}/us-central1-b/instanceGroups/gke-shop-far-1a2b3c4d-grp`, undefined],
  ['AKS, by the names of its nodes', 'aks-linuxpool01-40896687-vmss', 'westeurope'],
  ['AKS for Windows', 'akswin', 'westeurope'],
  ['an id that is the value of a label', 'f2b6ab55', 'us-west-2'],
  ['nodes in two regions', 'both-us-east-1', undefined],
  ['a node without a region tells nothing, its name does', 'stray-eu-north-1', 'eu-north-1'],
  ['what Kubernetes says of a node is no group', 'm5.large', undefined],
  ['a region in the name', 'batch-us-east-1-spot', 'us-east-1'],
  ['a zone of AWS in the name', 'nodes-us-east-1b', 'us-east-1'],
  ['capitals', 'Batch-US-EAST-1', 'us-east-1'],
  ['a longer region than another', 'pool_europe-west10_a', 'europe-west10'],
  ['a region that only looks like one', 'batch-eu-north-11', undefined],
  ['a region that ends a word', 'northeast', undefined],
  ['a zone in the name', 'rack-hall-7-b', 'eu-north-1'],
  ['a number is no zone', 'batch-1', undefined],
  ['two regions in the name', 'us-east-1-to-us-west-2', undefined],
  ['the same region twice', 'us-east-1/us-east-1b', 'us-east-1'],
  ['nothing', 'workers', undefined],
];

describe('the region of a node group', () => {
  const found = groupRegions(
    groups.map(([, name]) => ({ name })),
    NODES,
    REGIONS,
    PATTERNS,
  );
  for (const [why, name, region] of groups)
    test(`${why}: ${region ?? 'none'}`, () => assert.equal(found.get(name), region));
});

describe('an expression on names of node groups', () => {
  const odd: readonly [why: string, text: string][] = [
    ['nothing', ''],
    ['no expression', '('],
    ['longer than 200 characters', 'a'.repeat(201)],
    ['repeats what repeats', '(a+)+$'],
    ['repeats what repeats, two brackets deep', '((a*))*'],
    ['repeats a range', '(a{1,9}){5,}'],
    ['repeats a choice', '^(a|a)+$'],
  ];
  for (const [why, text] of odd) test(`refused: ${why}`, () => assert.equal(groupExpression(text), undefined));
  for (const text of ['^eks-batch-', 'gpu|spot', '(?:us|eu)-[a-z]+', '-[0-9]{3}(-spot)?$'])
    test(`accepted: ${text}`, () => assert.ok(groupExpression(text)));
});
